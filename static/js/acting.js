// Acts on blockers from a list: on the one that has the focus, or on all that are selected. What was done is said in a
// notice with its undo.
import { renew } from "./csrf.js";
import { byId, post } from "./dom.js";
import { showNotice } from "./toasts.js";

const ADDRESS = "/blocked/several/";
const IN_DRAWER = { "X-Drawer": "1" };

export const mayAct = () => "handles" in document.body.dataset && document.documentElement.dataset.connection !== "lost";

/** The blockers of a row: on Now a row is a cause, and an act is for all blockers of it. */
export const blockersOf = ({ dataset }) => [dataset.need, ...(dataset.others ?? "").split(" ")].filter(Boolean);

/** Returns whether it was done. `undone` is called after it was undone. */
export async function act(fields, undone) {
  if (!mayAct()) return false;
  const said = await send(fields);
  if (!said) return false;
  const { undo } = said.dataset;
  showNotice(said.textContent, undo ? async () => (await send({ act: "undo", undo })) && undone?.() : null);
  return true;
}

/** What the server says of it; null where it was not done, which a notice tells. */
async function send(fields) {
  const problem = await renew();
  if (problem) return tell(problem);
  const data = new FormData(byId("act"));
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  try {
    const said = await post(ADDRESS, data, IN_DRAWER);
    return "error" in said.dataset ? tell(said.textContent) : said;
  } catch {
    return tell("Not sent. Try again.");
  }
}

function tell(problem) {
  showNotice(problem);
  return null;
}

export function take(need) {
  const isMine = need.dataset.assignee === document.body.dataset.user;
  return act({ act: "assign", blockers: blockersOf(need).join(" "), assignee: isMine ? "" : document.body.dataset.user });
}

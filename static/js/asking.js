// Whether this browser may notify is asked in the drawer, in one line, of who has just opened a blocker; never on load.
import { preferences } from "./alerts.js";
import { byId, memory } from "./dom.js";
import { askPermission, permission } from "./notifying.js";

const OPENED = "opened-a-blocker";
const NOT_NOW = "do-not-ask";
const ANSWERS = { granted: "Notifications are on.", denied: "Your browser blocks notifications. You can change this in its settings for this site." };

const line = byId("ask");

export const hasOpenedOne = () => memory.get(OPENED) !== null;

function isToBeAsked() {
  return permission() === "default" && preferences().notifications && memory.get(NOT_NOW) === null;
}

/** The line belongs to a blocker; beside an event it would be out of place. */
function opened() {
  const isBlocker = byId("drawer-body").querySelector("[data-blocker]") !== null;
  if (isBlocker) memory.set(OPENED, "yes");
  line.hidden = !isBlocker || !isToBeAsked();
}

async function ask() {
  const answer = await askPermission();
  line.querySelector("[data-words]").textContent = ANSWERS[answer] ?? "You can turn this on later under Alerts.";
  for (const button of line.querySelectorAll("button")) button.remove();
  byId("drawer-body").focus();
}

function leave() {
  memory.set(NOT_NOW, "yes");
  line.hidden = true;
  byId("drawer-body").focus();
}

if (line) {
  if (document.querySelector("main [data-blocker]")) memory.set(OPENED, "yes");
  byId("drawer").addEventListener("drawer:filled", opened);
  line.querySelector("[data-allow]").addEventListener("click", ask);
  line.querySelector("[data-not-now]").addEventListener("click", leave);
}

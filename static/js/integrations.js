// Integrations: buttons that copy; a check that could not be made says so; and no form is sent again by accident.
import { byId, say } from "./dom.js";

const TOLD_MS = 2_000;
const TOO_LARGE = "This is larger than 1 MiB, the limit for a request.";
const PAGE = "/integrations/";
const NO_ANSWER = "The event could not be validated. Try again in a moment.";

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("button[data-copy]");
  if (!button) return;
  const isCopied = await copy(byId(button.dataset.copy));
  tell(button, isCopied ? "Copied" : "Selected. Copy it now.");
});

/** Where the site is neither local nor behind TLS, there is no clipboard: the text is selected, and copied the old way. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.value ?? element.textContent);
    return true;
  } catch {
    if (element.select) element.select(); // a field's text is none of its children
    else getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}

function tell(button, text) {
  const words = button.querySelector("span");
  words.dataset.usual ??= words.textContent;
  words.textContent = text;
  say(text);
  setTimeout(() => (words.textContent = words.dataset.usual), TOLD_MS);
}

for (const name of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(name, ({ detail }) => {
    if (detail.target.id !== "checked") return;
    const isTooLarge = [400, 413].includes(detail.xhr.status);
    detail.target.textContent = isTooLarge ? TOO_LARGE : NO_ANSWER;
  });
}

/** The answer to a form stands at the form's address. Reloading it, or going back to it, opens the page afresh. */
if (location.pathname.startsWith(PAGE) && location.pathname !== PAGE) history.replaceState(null, "", PAGE);

// What several modules need of the document.

export const byId = (id) => document.getElementById(id);

/** A fragment from the server: the first element of its HTML. Whoever is signed out by now is sent to sign in. */
export async function fetchElement(address, headers = {}) {
  const answer = await fetch(address, { headers });
  if (answer.redirected) signIn();
  if (!answer.ok || answer.redirected) throw new Error(`${answer.status} for ${address}`, { cause: answer.status });
  return parse(await answer.text());
}

/** What the server answers to a form; also where it says why something is not possible. */
export async function post(address, data, headers = {}) {
  const answer = await fetch(address, { method: "POST", body: data, headers });
  if (answer.redirected) signIn();
  if (answer.redirected || (!answer.ok && answer.status !== 409)) throw new Error(`${answer.status} for ${address}`);
  return parse(await answer.text());
}

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
}

/** Goes to the sign-in page. A page on which something was typed stays, and says where to sign in. */
export function signIn() {
  if (hasUnsentText()) document.documentElement.dataset.signedOut = "";
  else location.assign(`/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`);
}

export function signedInAgain() {
  delete document.documentElement.dataset.signedOut;
}

const TYPED = ':is(textarea, input[type="text"], input:not([type]))';

function hasUnsentText() {
  const fields = document.querySelectorAll(`form[method="post"] ${TYPED}`);
  return [...fields].some(({ value, defaultValue }) => value !== defaultValue);
}

let isTextSelected = false;

// To ask the selection itself may lay out the whole page, so it is asked when it changes.
document.addEventListener("selectionchange", () => (isTextSelected = !getSelection().isCollapsed));

/** Whether somebody has selected text in an element. */
export function hasSelection(element) {
  if (!isTextSelected) return false;
  const selection = getSelection();
  return !selection.isCollapsed && selection.rangeCount > 0 && selection.getRangeAt(0).intersectsNode(element);
}

/** A key without others, where single keys are switched on. */
export const isSingleKey = ({ metaKey, ctrlKey, altKey }) => !(metaKey || ctrlKey || altKey) && byId("keys-on")?.checked !== false;

/** Tells assistive technology, when it next pauses. */
export function say(text) {
  byId("spoken").textContent = text;
}

export const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** What this browser remembers; nothing where storage is forbidden. */
export const memory = {
  get(name, storage = "localStorage") {
    try {
      return window[storage].getItem(name);
    } catch {
      return null;
    }
  },
  set(name, value, storage = "localStorage") {
    try {
      window[storage].setItem(name, value);
    } catch {
      // It is forgotten with the page, then.
    }
  },
};

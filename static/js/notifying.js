// Notifications of the browser: whether it allows them, and making one.
import { open } from "./drawer.js";

/** "default" until the browser was asked, then "granted" or "denied"; "missing" where there are none (plain HTTP). */
export const permission = () => (isSecureContext && "Notification" in window ? Notification.permission : "missing");

/** Asks the browser, which asks the person: to be called from a click alone. */
export const askPermission = () => Notification.requestPermission();

/** A notification for one cause. Another of the same cause, from whichever tab, takes its place. */
export function notify({ heading, text, href, blocker, cause }) {
  if (permission() !== "granted") return;
  try {
    const made = new Notification(heading, { body: text, tag: `blocker-${cause ?? "more"}` });
    made.addEventListener("click", () => follow(made, blocker, href));
  } catch {
    // Some browsers on phones let service workers alone do that. The bell and the toast have told already.
  }
}

function follow(made, blocker, href) {
  made.close();
  window.focus();
  if (blocker) open("blocker", blocker);
  else location.assign(href);
}

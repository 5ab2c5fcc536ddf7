// Notifications of the browser: whether it allows them, making one, and closing those that this page has made.
import { open } from "./drawer.js";

/** "default" until the browser was asked, then "granted" or "denied"; "missing" where there are none (plain HTTP). */
export const permission = () => (isSecureContext && "Notification" in window ? Notification.permission : "missing");

/** Asks the browser, which asks the person: to be called from a click alone. */
export const askPermission = () => Notification.requestPermission();

const made = new Set();

export function closeAll() {
  for (const notification of made) notification.close();
}

/** A notification for one cause. Another of the same cause, from whichever tab, takes its place. */
export function notify({ heading, text, href, blocker, cause }) {
  if (permission() !== "granted") return;
  try {
    const notification = new Notification(heading, { body: text, tag: `blocker-${cause ?? "more"}` });
    made.add(notification);
    notification.addEventListener("close", () => made.delete(notification));
    notification.addEventListener("click", () => follow(notification, blocker, href));
  } catch {
    // Some browsers on phones let service workers alone do that. The bell and the toast have told already.
  }
}

function follow(notification, blocker, href) {
  notification.close();
  window.focus();
  if (blocker) open("blocker", blocker);
  else location.assign(href);
}

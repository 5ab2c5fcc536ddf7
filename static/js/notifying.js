// Notifications of the browser: whether it allows them, making one, and closing those that this site has made.
import { open } from "./drawer.js";

const WORKER = new URL("notification-worker.js", import.meta.url);

/** "default" until the browser was asked, then "granted" or "denied"; "missing" where there are none (plain HTTP). */
export const permission = () => (isSecureContext && "Notification" in window ? Notification.permission : "missing");

/** Asks the browser, which asks the person: to be called from a click alone. */
export const askPermission = () => Notification.requestPermission();

const made = new Set();

export async function closeAll() {
  for (const notification of made) notification.close();
  const registration = await navigator.serviceWorker?.getRegistration(WORKER);
  for (const notification of (await registration?.getNotifications()) ?? []) notification.close();
}

/** A notification for one cause. Another of the same cause, from whichever tab, takes its place. */
export function notify({ heading, text, href, blocker, cause }) {
  if (permission() !== "granted") return;
  const options = { body: text, tag: `blocker-${cause ?? "more"}` };
  try {
    const notification = new Notification(heading, options);
    made.add(notification);
    notification.addEventListener("close", () => made.delete(notification));
    notification.addEventListener("click", () => follow(notification, blocker, href));
  } catch {
    // On phones only service workers can show notifications. Without one, the bell and the toast still alert.
    notifyByWorker(heading, { ...options, data: { href: new URL(href, location.href).href } }).catch(() => {});
  }
}

function follow(notification, blocker, href) {
  notification.close();
  window.focus();
  if (blocker) open("blocker", blocker);
  else location.assign(href);
}

/** The worker follows a click by itself, also from a lock screen: the page may be asleep by then. */
async function notifyByWorker(heading, options) {
  const registration = await navigator.serviceWorker.register(WORKER);
  if (!registration.active) await activated(registration.installing ?? registration.waiting);
  await registration.showNotification(heading, options);
}

const activated = (worker) =>
  new Promise((resolve) => worker.addEventListener("statechange", () => worker.state === "activated" && resolve()));

// Opens the blocker of a notification that a page has made through this worker. Phones have no other notifications.
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data.href));
});

/** Focuses a window that already shows this page, or opens a new one. */
async function show(href) {
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const found = windows.find(({ url }) => url === href);
  return found ? found.focus() : clients.openWindow(href);
}

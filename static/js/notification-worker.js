// Opens the blocker of a notification that a page has made through this worker. Phones make no others.
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data.href));
});

/** In a window of this site that is open, else in a new one. */
async function show(href) {
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const found = windows.find(({ url }) => url === href);
  return found ? found.focus() : clients.openWindow(href);
}

// An event's details in a drawer beside the page. The address names the opened event, so that it can be sent as a link.
import { byId, fetchElement } from "./dom.js";
import { localise } from "./times.js";

const drawer = byId("drawer");
const body = byId("drawer-body");

const opened = () => new URLSearchParams(location.search).get("event");

function addressWith(position) {
  const address = new URL(location);
  if (position) address.searchParams.set("event", position);
  else address.searchParams.delete("event");
  return address;
}

async function show(position) {
  try {
    const details = await fetchElement(`/activity/${position}/`, { "X-Drawer": "1" });
    localise(details);
    body.replaceChildren(details);
  } catch {
    body.textContent = "This event cannot be shown now.";
  }
  if (!drawer.open) drawer.showModal();
  body.scrollTo(0, 0);
  body.focus();
}

function open(position) {
  history.pushState(null, "", addressWith(position));
  return show(position);
}

/** As the address says: after going back or forward, and when the page is opened. */
function follow() {
  if (opened()) show(opened());
  else drawer.close();
}

if (drawer) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-event]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(link.dataset.event);
  });
  drawer.addEventListener("click", (event) => event.target === drawer && drawer.close());
  drawer.addEventListener("close", () => opened() && history.pushState(null, "", addressWith(null)));
  addEventListener("popstate", follow);
  if (opened()) show(opened());
}

// What is opened beside the page: an event, or a task. The address names it, so that it can be sent as a link.
import { byId, fetchElement } from "./dom.js";
import { localise } from "./times.js";

const drawer = byId("drawer");
const body = byId("drawer-body");

// A task goes by two ids of any text, its board's and its own: they are given as the query of its address.
const PATHS = { event: (id) => `/activity/${id}/`, card: (query) => `/tasks/?${query}` };
const KINDS = Object.keys(PATHS);

/** The kind and the id of what the address says is open. */
function opened() {
  const parameters = new URLSearchParams(location.search);
  const kind = KINDS.find((name) => parameters.get(name));
  return kind && { kind, id: parameters.get(kind) };
}

function addressWith(kind, id) {
  const address = new URL(location);
  for (const name of KINDS) address.searchParams.delete(name);
  if (kind) address.searchParams.set(kind, id);
  return address;
}

async function show({ kind, id }) {
  try {
    const details = await fetchElement(PATHS[kind](id), { "X-Drawer": "1" });
    localise(details);
    body.replaceChildren(details);
  } catch {
    body.textContent = "This cannot be shown now.";
  }
  if (!drawer.open) drawer.showModal();
  drawer.scrollTo(0, 0);
  body.focus({ preventScroll: true });
}

function open(kind, id) {
  history.pushState(null, "", addressWith(kind, id));
  return show({ kind, id });
}

/** As the address says: after going back or forward, and when the page is opened. */
function follow() {
  const what = opened();
  if (what) show(what);
  else drawer.close();
}

if (drawer) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-event], a[data-task]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.event) open("event", link.dataset.event);
    else open("card", link.dataset.task);
  });
  drawer.addEventListener("click", (event) => event.target === drawer && drawer.close());
  drawer.addEventListener("close", () => opened() && history.pushState(null, "", addressWith(null)));
  addEventListener("popstate", follow);
  if (opened()) show(opened());
}

// What is opened beside the page: an event, a blocker, or a task. The address names it, so that it can be sent as a link.
import { byId, fetchElement, post } from "./dom.js";
import { stream } from "./rows.js";
import { localise } from "./times.js";

const drawer = byId("drawer");
const body = byId("drawer-body");

export const IN_DRAWER = { "X-Drawer": "1" };
const filters = stream?.dataset.rows.split("?")[1] ?? ""; // of the page: an event offers to narrow them
// A task goes by two ids of any text, its board's and its own: they are given as the query of its address.
export const PATHS = {
  event: (id) => `/activity/${id}/?${filters}`,
  blocker: (id) => `/blocked/${id}/`,
  card: (query) => `/tasks/?${query}`,
};
// What has the focus at first: of an agent's question the option that it recommends, which Enter chooses.
const FIRST = ["[data-recommended]", "[data-option]", "textarea"].map((name) => `${name}:not([hidden] *)`);
const KINDS = Object.keys(PATHS);

/** The kind and the id of what the address says is open. */
export function opened() {
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
    fill(await fetchElement(PATHS[kind](id), IN_DRAWER));
  } catch {
    body.textContent = "This cannot be loaded right now. Try again in a moment.";
  }
  if (!drawer.open) drawer.showModal();
  drawer.scrollTo(0, 0);
  const first = FIRST.map((name) => body.querySelector(name)).find(Boolean);
  (first ?? body).focus({ preventScroll: true });
}

function fill(details) {
  localise(details);
  body.replaceChildren(details);
  drawer.dispatchEvent(new CustomEvent("drawer:filled"));
}

export function open(kind, id) {
  history.pushState(null, "", addressWith(kind, id));
  return show({ kind, id });
}

/** As the address says: after going back or forward, and when the page is opened. */
function follow() {
  const what = opened();
  if (what) show(what);
  else drawer.close();
}

/** An act is answered with what is so now. What was written in the form stays where the act was not possible. */
async function act(form, button) {
  const data = new FormData(form, button);
  try {
    fill(await post(form.action, data, IN_DRAWER));
    focusAfter(form);
  } catch {
    form.prepend(Object.assign(document.createElement("p"), { className: "form-error", role: "alert", textContent: "Not sent. Try again." }));
  }
}

/** The focus does not fall out of the drawer: it goes to what undoes the act, or back to where it was done. */
function focusAfter(form) {
  const field = body.querySelector("textarea:not([hidden] *)");
  const undo = body.querySelector('[value="withdraw"]');
  const hasText = Boolean(field?.value);
  const place = undo ?? (hasText || form.matches("[data-answer]") ? field : null) ?? body.querySelector(".acts button, .acts summary") ?? field ?? body;
  place.focus({ preventScroll: true });
  if (place === field) field.setSelectionRange(field.value.length, field.value.length);
}

function send(event) {
  if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey) || !event.target.matches("textarea")) return;
  event.preventDefault();
  event.target.form.requestSubmit();
}

/** The number of an option chooses it, unless somebody types. */
function choose(event) {
  if (event.metaKey || event.ctrlKey || event.altKey || event.target.closest("textarea, select, input")) return;
  if (/^[1-9]$/.test(event.key)) body.querySelector(`[data-option="${event.key}"]:not([hidden] *, :disabled)`)?.click();
}

if (drawer) {
  drawer.addEventListener("keydown", choose);
  document.addEventListener("keydown", send);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-event], a[data-opens], a[data-task]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.event) open("event", link.dataset.event);
    else if (link.dataset.opens) open("blocker", link.dataset.opens);
    else open("card", link.dataset.task);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-act]") || !drawer.contains(event.target)) return;
    event.preventDefault();
    act(event.target, event.submitter);
  });
  drawer.addEventListener("click", (event) => event.target === drawer && drawer.close());
  drawer.addEventListener("close", () => opened() && history.pushState(null, "", addressWith(null)));
  addEventListener("popstate", follow);
  if (opened()) show(opened());
}

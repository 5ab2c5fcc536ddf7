// What is opened beside the page follows events as the page does, a moment later: it is asked for again over HTTP.
//
// A blocker's state is replaced beside the answer that is being written, a task's parts one by one where they differ.
import { byId, fetchElement } from "./dom.js";
import { IN_DRAWER, opened, PATHS } from "./drawer.js";
import { keepOpen, offer } from "./regions.js";
import { localise } from "./times.js";

const LOOK_MS = 1_000; // how often, at most
const TIME = /<time (datetime="[^"]*")[^>]*>[^<]*/g; // its words are the page's own, and change with every second

const drawer = byId("drawer");
const body = byId("drawer-body");

let isLooking = false;
let isStale = false; // a frame came since the task was last asked for
let parts = new Map(); // id → a task's part as it was last

async function look() {
  if (isLooking || !drawer.open || document.hidden) return;
  isLooking = true;
  await (body.querySelector("[data-blocker]") ? lookAtBlocker() : lookAtTask()).catch(() => null);
  isLooking = false;
}

async function lookAtBlocker() {
  const shown = body.querySelector("[data-blocker]");
  const state = byId("blocker-state");
  if (isInUse(state)) return;
  const fresh = await fetchElement(`/blocked/${shown.dataset.blocker}/state/`);
  if (!state.isConnected || fresh.dataset.version === state.dataset.version) return;
  localise(fresh);
  keepOpen(state, fresh);
  const focused = state.contains(document.activeElement) ? document.activeElement : null;
  state.replaceWith(fresh);
  shown.dataset.stage = fresh.dataset.stage;
  const form = shown.querySelector("[data-answer]");
  if (form) form.hidden = fresh.dataset.stage !== "open";
  document.dispatchEvent(new CustomEvent("drawer:state"));
  if (focused) focusAgain(fresh, focused);
}

/** Somebody fills something in, or has opened a menu. */
function isInUse(state) {
  const isFilledIn = state.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  return isFilledIn || state.querySelector(".standing-form[open], .menu[open]") !== null;
}

/** The same button, else what goes on from here. */
function focusAgain(fresh, { localName, name, value }) {
  const alike = [...fresh.querySelectorAll(localName)].find((element) => element.name === name && element.value === value);
  const next = alike ?? fresh.querySelector("[data-next]:not([hidden])");
  (next ?? body).focus({ preventScroll: true });
}

async function lookAtTask() {
  const { kind, id } = opened() ?? {};
  if (kind !== "card" || !isStale) return;
  isStale = false;
  const fresh = await fetchElement(PATHS.card(id), IN_DRAWER);
  if (opened()?.id !== id) return;
  const before = parts;
  parts = partsOf(fresh);
  for (const [part, html] of parts) if (before.has(part) && before.get(part) !== html) offer(part, fresh.querySelector(`#${part}`));
}

const partsOf = (details) => new Map([...details.querySelectorAll(":scope > section[id]")].map((part) => [part.id, part.outerHTML.replace(TIME, "$1")]));

if (drawer) {
  setInterval(look, LOOK_MS);
  document.addEventListener("page:frame", () => (isStale = true));
  drawer.addEventListener("drawer:filled", () => (parts = partsOf(body.firstElementChild)));
}

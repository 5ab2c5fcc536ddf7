// From one blocker in the drawer to the next one of the list behind it; and back to the list, with the focus on its row.
import { byId, isSingleKey } from "./dom.js";
import { open, opened } from "./drawer.js";
import { linkOf, needOf, needs } from "./inbox.js";
import { ZONE } from "./times.js";

const drawer = byId("drawer");
const body = byId("drawer-body");

let order = []; // of the list when a blocker was opened from it: what is resolved meanwhile keeps its place

const isWaiting = (need) => need.matches(":not(.snoozed *)") && !need.querySelector("[data-replied]");

/** The blocker before or after one, of those that still wait for a reply; after the last one, the first. */
function neighbour(id, step) {
  const shown = new Set(needs().filter(isWaiting).map(({ dataset }) => dataset.need));
  if (!order.includes(id)) order = [...shown];
  const start = order.indexOf(needOf(id)?.dataset.need ?? id);
  for (let index = start + step; index >= 0 && index < order.length; index += step) if (shown.has(order[index])) return order[index];
  return (step > 0 && [...shown].find((other) => other !== id)) || null;
}

function go(step) {
  const current = opened();
  const id = current?.kind === "blocker" && neighbour(current.id, step);
  if (id) open("blocker", id);
  return Boolean(id);
}

/** The link says where it leads: to the next of the list, or to the list. */
function showNext() {
  for (const field of body.querySelectorAll("[data-zone-field]")) field.value = ZONE;
  const current = opened();
  const id = current?.kind === "blocker" && neighbour(current.id, 1);
  for (const link of body.querySelectorAll("[data-next]")) {
    if (!id) continue;
    link.hidden = false;
    link.dataset.opens = id;
    link.href = `/blocked/${id}/`;
    link.textContent = "Next blocker";
  }
}

function press(event) {
  if (!isSingleKey(event)) return;
  if (event.target.closest("input:not([type='checkbox']), textarea, select")) return;
  const step = { j: 1, k: -1 }[event.key];
  if (step && go(step)) event.preventDefault();
}

/** The focus goes to the row of the blocker that was looked at last; where that has gone, to another one of the list,
 * unless the browser has given it back already. */
function giveFocusBack(id) {
  const active = document.activeElement;
  const isLost = active === document.body || drawer.contains(active);
  const need = needOf(id) ?? (isLost ? needOf(neighbour(id, 1)) : null);
  if (!need && !isLost) return;
  (need ? linkOf(need) : byId("content")).focus({ preventScroll: true });
}

if (drawer) {
  let last = null;
  document.addEventListener("click", ({ target }) => {
    if (target.closest("main [data-need] a[data-opens]")) order = needs().map(({ dataset }) => dataset.need);
  }, { capture: true });
  drawer.addEventListener("drawer:filled", () => {
    last = opened();
    showNext();
  });
  document.addEventListener("drawer:state", showNext);
  drawer.addEventListener("keydown", press);
  drawer.addEventListener("close", () => last?.kind === "blocker" && setTimeout(() => giveFocusBack(last.id)));
}

// Regions of the page are replaced as a whole when they change. Whoever uses one at that moment must not notice: what is
// opened stays open, focus stays where it is, and a region that is selected, filled in or pointed at waits.
import { hasSelection } from "./dom.js";
import { localise } from "./times.js";
import { tint } from "./tint.js";

const POINTED_MS = 1000; // a pointer that moved over a region so recently is about to be used there
const FIELDS = "input, select, textarea";

const waiting = new Map(); // id → the newest version of a region that is in use
let pointer = { at: -Infinity, target: document.body };

addEventListener("pointermove", (event) => {
  if (event.pointerType === "mouse") pointer = { at: performance.now(), target: event.target };
}, { passive: true });

function isInUse(region) {
  const isPointedAt = performance.now() - pointer.at < POINTED_MS && region.contains(pointer.target);
  const isFilledIn = region.contains(document.activeElement) && document.activeElement.matches(FIELDS);
  return isPointedAt || isFilledIn || hasSelection(region);
}

/** A newer version of a region, to take its place as soon as it is not in use. */
export function offer(id, fresh) {
  waiting.set(id, fresh);
}

document.addEventListener("page:frame", replaceThoseNotInUse);
setInterval(replaceThoseNotInUse, 250);

/** All are looked at before the first is replaced: a look after a change may lay out the whole page. */
function replaceThoseNotInUse() {
  const free = [...waiting].filter(([id]) => {
    const old = document.getElementById(id);
    return !old || !isInUse(old);
  });
  for (const [id, fresh] of free) {
    waiting.delete(id);
    const old = document.getElementById(id);
    if (old && fresh) replace(old, fresh);
  }
}

function replace(old, fresh) {
  const known = new Set([...old.querySelectorAll("[id]")].map((element) => element.id));
  localise(fresh);
  keepOpen(old, fresh);
  const focused = pathOfFocus(old);
  old.replaceWith(fresh);
  restoreFocus(fresh, focused);
  if (known.size) tint([...fresh.querySelectorAll("[data-row][id]")].filter((row) => !known.has(row.id)));
  fresh.dispatchEvent(new CustomEvent("region:replaced", { bubbles: true }));
}

/** What is opened in the old one is opened in the fresh one too. */
export function keepOpen(old, fresh) {
  for (const details of old.querySelectorAll("details[open][id]")) {
    fresh.querySelector(`#${CSS.escape(details.id)}`)?.setAttribute("open", "");
  }
}

/** How to find again what has the focus: by its id, or as the same kind of thing within the nearest element with one. */
function pathOfFocus(old) {
  const element = document.activeElement;
  if (!old.contains(element) || element === document.body) return null;
  const owner = element.closest("[id]");
  const alike = alikeIn(owner, element);
  return { id: owner.id, href: element.getAttribute("href"), tag: element.localName, index: alike.indexOf(element) };
}

function alikeIn(owner, { localName }) {
  return owner.localName === localName ? [owner] : [...owner.querySelectorAll(localName)];
}

function restoreFocus(fresh, path) {
  if (!path) return;
  const owner = document.getElementById(path.id);
  const alike = owner ? alikeIn(owner, { localName: path.tag }) : [];
  const same = alike.find((element) => element.getAttribute("href") === path.href) ?? alike[path.index];
  const goal = same ?? fresh;
  if (goal === fresh) fresh.tabIndex = -1;
  goal.focus({ preventScroll: true });
}

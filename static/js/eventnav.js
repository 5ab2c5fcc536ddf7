// From the event that is open beside the page to the one before or after it in the page's list: buttons, and the keys k and j.
import { byId, isSingleKey } from "./dom.js";
import { open, opened } from "./drawer.js";

const LINKS = ".rows > li:not([hidden]) > a[data-event], [data-row] a[data-event]";
const KEYS = { j: 1, k: -1 };

const drawer = byId("drawer");
const body = byId("drawer-body");

/** The link of the next or the previous event of the list; none at its ends, and beside a list without the event. */
function neighbour(step) {
  const links = [...document.querySelectorAll(LINKS)];
  const at = links.findIndex((link) => link.dataset.event === opened()?.id);
  return at < 0 ? undefined : links[at + step];
}

function offer() {
  const nav = body.querySelector("[data-event-nav]");
  if (!nav || opened()?.kind !== "event") return;
  for (const button of nav.querySelectorAll("button")) button.disabled = !neighbour(Number(button.dataset.step));
  nav.hidden = !neighbour(1) && !neighbour(-1);
}

async function go(step, isByButton) {
  const link = neighbour(step);
  if (!link) return;
  link.scrollIntoView({ block: "nearest" });
  await open("event", link.dataset.event);
  if (isByButton) body.querySelector(`[data-event-nav] [data-step="${step}"]:not(:disabled)`)?.focus();
}

if (drawer) {
  drawer.addEventListener("drawer:filled", offer);
  drawer.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-event-nav] button");
    if (button) go(Number(button.dataset.step), true);
  });
  drawer.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (!step || opened()?.kind !== "event" || !isSingleKey(event)) return;
    if (event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    go(step, false);
  });
}

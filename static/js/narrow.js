// The menu of a row: only events like it, or all but those. One panel serves every row; the server fills it.
import { byId, fetchElement } from "./dom.js";
import { list, stream } from "./rows.js";

const EDGE = 8; // pixels that the panel keeps from the window's edge

const panel = byId("narrow");
let opener = null;

async function open(button) {
  const filters = stream.dataset.rows.split("?")[1];
  const found = await fetchElement(`/activity/${button.dataset.narrow}/narrow/?${filters}`).catch(() => null);
  panel.replaceChildren(found ?? "This cannot be loaded right now. Try again in a moment.");
  opener = button;
  panel.showPopover();
  place(button.getBoundingClientRect());
  (panel.querySelector("a") ?? panel).focus({ preventScroll: true });
}

/** Below the button, or above it where there is more room. */
function place({ top, bottom, right }) {
  const fits = bottom + panel.offsetHeight + EDGE < innerHeight || top < innerHeight / 2;
  panel.style.top = `${Math.max(EDGE, fits ? bottom : top - panel.offsetHeight)}px`;
  panel.style.left = `${Math.max(EDGE, Math.min(right, innerWidth - EDGE) - panel.offsetWidth)}px`;
}

/** The arrows go from link to link, as in any menu. */
function move(event) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const links = [...panel.querySelectorAll("a")];
  links.at((links.indexOf(document.activeElement) + step) % links.length)?.focus();
}

if (list) {
  list.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-narrow]");
    if (button) open(button);
  });
  panel.addEventListener("keydown", move);
  panel.addEventListener("toggle", ({ newState }) => {
    if (opener) opener.ariaExpanded = newState === "open" ? "true" : "false";
  });
  addEventListener("scroll", () => panel.hidePopover(), { passive: true });
}

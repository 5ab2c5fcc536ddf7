// History: how many events have come since the page was made, how far an export is, and what refines the result, folded where it stands above it.
import { byId, fetchElement } from "./dom.js";

const ASK_AT_MOST_EVERY_MS = 5_000;
const LOOK_AFTER_MS = [500, 2_000, 6_000, 15_000]; // a busy server begins an export late
const newer = byId("newer");
let due = 0;

if (newer?.dataset.newer) {
  const beats = new MutationObserver(() => {
    if (due) return;
    due = setTimeout(ask, ASK_AT_MOST_EVERY_MS);
  });
  beats.observe(byId("live"), { subtree: true, childList: true, attributes: true, attributeFilter: ["data-head"] });
}

async function ask() {
  const head = Number(byId("beat").dataset.head);
  if (head > Number(new URLSearchParams(newer.dataset.newer.split("?")[1]).get("after"))) {
    const found = await fetchElement(newer.dataset.newer).catch(() => null);
    const words = found?.textContent.trim();
    if (found && words !== newer.textContent.trim()) newer.replaceChildren(...found.childNodes);
  }
  due = 0;
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-export]")) return;
  for (const delay of LOOK_AFTER_MS) setTimeout(() => document.body.dispatchEvent(new Event("exporting")), delay);
});

// What refines the result stands beside it, or folded above it. The page opens with what was unfolded by its address.
const refine = document.querySelector("[data-refine]");
const isWide = matchMedia("(min-width: 75.01rem)");
const unfold = () => (refine.open = isWide.matches || refine.querySelector('[role="alert"]') !== null);
if (refine) {
  unfold();
  isWide.addEventListener("change", unfold);
}
document.getElementById("order")?.addEventListener("change", ({ target }) => target.form.requestSubmit());

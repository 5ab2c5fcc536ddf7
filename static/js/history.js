// History: how many events have come since the page was made, how far an export is, and facets that begin closed where they stand above the result.
import { byId, fetchElement } from "./dom.js";

const ASK_AT_MOST_EVERY_MS = 5_000;
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
  if (event.target.closest("[data-export]")) setTimeout(() => document.body.dispatchEvent(new Event("exporting")), 500);
});

const facets = document.querySelector("[data-facets]");
if (facets && matchMedia("(max-width: 75rem)").matches) facets.open = false;

// Columns of a board that somebody folded stay folded in this browser, on every board.
import { memory } from "./dom.js";

const NAME = "folded-columns";
const columns = document.querySelector("[data-columns]");
const folded = new Set((memory.get(NAME) ?? "").split(" ").filter(Boolean));

/** Show each column as it was left; also one that has just been replaced. */
function show() {
  for (const button of columns.querySelectorAll("[data-fold-column]")) {
    const isFolded = folded.has(button.dataset.foldColumn);
    button.setAttribute("aria-expanded", String(!isFolded));
    document.getElementById(button.getAttribute("aria-controls")).hidden = isFolded;
  }
}

function toggle({ target }) {
  const name = target.closest("[data-fold-column]")?.dataset.foldColumn;
  if (!name) return;
  if (!folded.delete(name)) folded.add(name);
  memory.set(NAME, [...folded].join(" "));
  show();
}

if (columns) {
  show();
  columns.addEventListener("click", toggle);
  columns.addEventListener("region:replaced", show);
}

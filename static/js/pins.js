// Boards that somebody pinned in this browser stand at the top of the list.
import { memory } from "./dom.js";

const NAME = "pinned-boards";
const read = () => new Set(JSON.parse(memory.get(NAME) ?? "[]"));

/** Mark the pinned rows and move them up, in the order of the list. */
function arrange() {
  const list = document.querySelector("[data-pinnable]");
  if (!list) return;
  const pinned = read();
  const rows = [...list.children];
  for (const row of rows) {
    const isPinned = pinned.has(row.dataset.board);
    row.toggleAttribute("data-pinned", isPinned);
    row.querySelector("[data-pin]").setAttribute("aria-pressed", String(isPinned));
  }
  const isPinned = (row) => row.hasAttribute("data-pinned");
  const wanted = [...rows.filter(isPinned), ...rows.filter((row) => !isPinned(row))];
  if (wanted.some((row, index) => row !== rows[index])) list.replaceChildren(...wanted);
}

function toggle({ target }) {
  const button = target.closest("[data-pin]");
  if (!button) return;
  const { board } = button.closest("[data-board]").dataset;
  const pinned = read();
  if (!pinned.delete(board)) pinned.add(board);
  memory.set(NAME, JSON.stringify([...pinned]));
  arrange();
  button.focus({ preventScroll: true });
}

if (document.querySelector('main[data-page="boards"]')) {
  arrange();
  document.addEventListener("click", toggle);
  document.addEventListener("region:replaced", arrange);
}

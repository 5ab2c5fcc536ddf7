// The button of a fold: it says how many events there are, shows them and hides them.
import { countAll } from "./gaps.js";

export const MOST = 20; // rows within a fold; who opens it can load the others

export const isOpen = (button) => button?.ariaExpanded === "true";

export function makeButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fold";
  button.ariaExpanded = "false";
  button.dataset.most = MOST;
  button.append(document.createElement("span"));
  button.append(Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: " events like this one" }));
  return button;
}

/** Say how many there are, and stand in the newest of them. A button that has the focus keeps it. */
export function label(button, run) {
  const [head] = run;
  const text = `×${countAll(run).toLocaleString("en")}${isCut(run) ? "+" : ""}`;
  if (button.firstElementChild.textContent !== text) button.firstElementChild.textContent = text;
  if (head.contains(button)) return;
  const hadFocus = document.activeElement === button;
  head.querySelector(".row-text").append(" ", button);
  if (hadFocus) button.focus({ preventScroll: true, focusVisible: false });
}

/** Where the page ends there may be more of the same. */
const isCut = (run) => run.at(-1).nextElementSibling?.matches(".older:has(a)") ?? false;

/** The rows and gaps of a fold, by its button. */
function within(button) {
  const found = [];
  let item = button.closest("li").nextElementSibling;
  for (; item?.matches(".inside"); item = item.nextElementSibling) found.push(item);
  return found;
}

/** Open a fold, or close it. What is not on the page is loaded at once where there is nothing else to see. */
export function toggle(button) {
  const opens = !isOpen(button);
  const items = within(button);
  button.ariaExpanded = String(opens);
  button.dataset.most = MOST;
  for (const item of items) item.hidden = !opens;
  if (opens && items.every((item) => item.matches(".gap"))) items[0]?.querySelector("a").click();
}

/** A gap within a fold has been loaded: what was found stays within it, and stays on the page. */
export function widen(gap, found) {
  let head = gap;
  while (head.matches(".inside")) head = head.previousElementSibling;
  const button = head.querySelector(".fold");
  const rows = within(button).filter((item) => item.matches(".row"));
  button.dataset.most = rows.length + found.length;
  for (const item of found) item.dataset.burst = gap.dataset.burst;
}

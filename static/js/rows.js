// The rows on the page: each in its place by position, newest first, no more than can be looked through.
import { byId, fetchElement, plural } from "./dom.js";
import { toggle, widen } from "./foldbutton.js";
import { fold } from "./folds.js";
import { countAll, positionOf, rangesOf } from "./gaps.js";
import { mark, placeFor } from "./marks.js";
import { localise } from "./times.js";
import { tint } from "./tint.js";

export const stream = document.querySelector("[data-stream]");
export const list = byId("stream");

let limit = Number(stream?.dataset.limit); // rows, a fold being one; what a reader has loaded on top of it stays too
let floor = Infinity; // the oldest position that was ever on the page
let letGo = 0; // events that were on the page, and gave way

const rowsOnPage = () => [...list.querySelectorAll(":scope > .row")];
const heads = () => rowsOnPage().filter((row) => !row.matches(".inside"));

/** The oldest position that the page tells of, in a row or in a gap. */
function oldest() {
  const items = [...list.querySelectorAll(":scope > [data-position]")];
  return items.reduce((least, { dataset }) => Math.min(least, "after" in dataset ? Number(dataset.after) + 1 : Number(dataset.position)), Infinity);
}

/** Those of these rows and gaps that the page does not know: neither as they are, nor in a number. */
export function unknown(rows) {
  const ranges = rangesOf(list.getElementsByClassName("gap"));
  if (letGo) ranges.push([0, oldest()]);
  const isCounted = (row) => row.matches(".row") && ranges.some(([after, before]) => after < positionOf(row) && positionOf(row) < before);
  return rows.filter((row) => row.dataset.position && !byId(row.id) && !isCounted(row));
}

export function show(rows) {
  if (rows.length) byId("no-rows")?.remove();
  for (const row of rows) {
    localise(row);
    list.insertBefore(row, placeFor(list, row));
    mark(row);
  }
  tint(rows);
  fold(list, stream.dataset.rows);
  prune();
}

/** Everything below the last row that is kept gives way to a link that loads it again, and says how much that is. */
function prune() {
  const last = heads()[limit];
  if (!last) return;
  floor = Math.min(floor, oldest());
  const from = last.previousElementSibling?.matches(".mark") ? last.previousElementSibling : last;
  const items = [...list.children];
  const gone = items.slice(items.indexOf(from));
  for (const item of gone) item.remove();
  letGo += countAll(gone.filter((item) => item.dataset.position));
  list.append(stream.querySelector("template").content.cloneNode(true));
  tellLetGo();
}

function tellLetGo() {
  stream.dataset.letGo = letGo;
  const link = list.querySelector("a[data-older]");
  if (link && letGo) link.textContent = `Load older · ${plural(letGo, "event")} trimmed`;
}

/** What was left out, loaded in its place; or what is older, at the end. */
async function load(link) {
  const item = link.closest("li");
  if (item.getAttribute("aria-busy")) return;
  item.setAttribute("aria-busy", "true");
  try {
    replace(item, [...(await fetchElement(addressOf(link))).children]);
  } catch {
    item.removeAttribute("aria-busy");
    link.textContent = "Could not load. Try again";
  }
}

const addressOf = ({ dataset }) => ("older" in dataset ? `${dataset.rows}&before=${oldest()}` : dataset.rows);

function replace(item, found) {
  const hadFocus = item.contains(document.activeElement);
  const missing = found.filter((row) => row.dataset.position && !byId(row.id));
  if (item.matches(".inside")) widen(item, missing);
  else limit = Math.max(limit, heads().length + missing.length);
  letGo -= countAll(missing.filter((row) => positionOf(row) >= floor && item.matches(".older")));
  item.replaceWith(...found.filter((row) => row.matches(".older")));
  show(missing, false);
  tellLetGo();
  if (hadFocus) (missing.find((row) => !row.hidden) ?? list.lastElementChild)?.querySelector("a")?.focus({ preventScroll: true });
}

function press(event) {
  const button = event.target.closest(".fold");
  if (button) return toggle(button);
  const link = event.target.closest("a[data-rows]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  load(link);
}

if (list) {
  rowsOnPage().forEach(mark);
  fold(list, stream.dataset.rows);
  list.addEventListener("click", press);
}

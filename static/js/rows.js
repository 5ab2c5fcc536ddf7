// The rows on the page: each in its place by position, newest first, no more than can be looked through.
import { byId, fetchElement } from "./dom.js";
import { isAlike, mark } from "./marks.js";
import { localise } from "./times.js";

export const stream = document.querySelector("[data-stream]");
export const list = byId("stream");

let limit = Number(stream?.dataset.limit); // rows; what a reader has loaded on top of it stays too

const rowsShown = () => [...list.querySelectorAll(":scope > .row")];

export function show(rows, isNew) {
  if (rows.length) byId("no-rows")?.remove();
  for (const row of rows) {
    localise(row);
    row.classList.toggle("fresh", isNew);
    list.insertBefore(row, placeFor(row));
    mark(row);
  }
  prune();
}

/** Before the first row that is older: few are looked at, since what comes is mostly the newest. */
function placeFor(row) {
  const position = Number(row.dataset.position);
  let next = list.firstElementChild;
  while (next && !next.matches(".older") && !(Number(next.dataset.position) < position)) next = next.nextElementSibling;
  return next?.previousElementSibling?.matches(".mark") && next.matches(".row") ? beforeMark(row, next) : next;
}

/** A row that is alike stands below the same mark. */
function beforeMark(row, next) {
  return row.matches(".row") && isAlike(row, next) ? next : next.previousElementSibling;
}

/** Everything below the last row that is kept gives way to a link that loads it again. */
function prune() {
  const last = rowsShown()[limit - 1];
  if (!last?.nextElementSibling || last.nextElementSibling.matches(".older")) return;
  while (last.nextElementSibling) last.nextElementSibling.remove();
  list.append(stream.querySelector("template").content.cloneNode(true));
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
    link.textContent = "That did not work. Try again";
  }
}

function addressOf(link) {
  if (!("older" in link.dataset)) return link.dataset.rows;
  return `${link.dataset.rows}&before=${Math.min(...rowsShown().map((row) => Number(row.dataset.position)))}`;
}

function replace(item, found) {
  const hadFocus = item.contains(document.activeElement);
  item.replaceWith(...found.filter((row) => row.matches(".older")));
  const missing = found.filter((row) => row.dataset.position && !byId(row.id));
  limit = Math.max(limit, rowsShown().length + missing.length);
  show(missing, false);
  if (hadFocus) (missing[0] ?? list.lastElementChild)?.querySelector("a")?.focus({ preventScroll: true });
}

if (list) {
  rowsShown().forEach(mark);
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-rows]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    load(link);
  });
}

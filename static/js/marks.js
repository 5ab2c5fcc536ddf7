// Between rows of two minutes, or of two days, stands a mark that says which one begins below.
import { positionOf } from "./gaps.js";
import { format } from "./times.js";

const kind = document.querySelector("[data-stream]")?.dataset.marks; // minutes, or days

const momentOf = (row) => new Date(`${row.dataset.minute}Z`); // when it counts: its own time may lie in the future
const dayOf = (row) => momentOf(row).toDateString();
const isToday = (row) => dayOf(row) === new Date().toDateString();

/** Whether two rows stand below the same mark. */
function isAlike(a, b) {
  return kind === "days" ? dayOf(a) === dayOf(b) : a.dataset.minute === b.dataset.minute;
}

/** Before the first row that is older: few are looked at, since what comes is mostly the newest. */
export function placeFor(list, row) {
  const position = positionOf(row);
  let next = list.firstElementChild;
  while (next && !next.matches(".older") && !(positionOf(next) < position)) next = next.nextElementSibling;
  return next?.previousElementSibling?.matches(".mark") && next.matches(".row") ? beforeMark(row, next) : next;
}

/** A row that is alike stands below the same mark. */
function beforeMark(row, next) {
  return row.matches(".row") && isAlike(row, next) ? next : next.previousElementSibling;
}

/** Put the marks right around a row that has just been put in its place. */
export function mark(row) {
  if (!kind || !row.matches(".row")) return;
  settle(row);
  const next = row.nextElementSibling;
  if (next?.matches(".mark")) settle(next.nextElementSibling);
  else if (next?.matches(".row")) settle(next);
}

/** A row is preceded by a mark exactly where the row above is not alike; that it is today goes without saying. */
function settle(row) {
  const before = row.previousElementSibling;
  const old = before?.matches(".mark") ? before : null;
  const above = rowFrom(old ? old.previousElementSibling : before);
  old?.remove();
  const follows = above?.matches(".row") ?? false;
  if (follows ? isAlike(above, row) : kind === "days" && isToday(row)) return;
  row.before(markOf(row, !follows || dayOf(above) !== dayOf(row)));
}

/** A gap within a fold stands for rows that are alike: the row above it counts. */
function rowFrom(item) {
  while (item?.matches(".gap.inside")) item = item.previousElementSibling;
  return item;
}

function markOf(row, isNewDay) {
  const moment = momentOf(row);
  const item = document.createElement("li");
  item.className = isNewDay ? "mark day" : "mark";
  const minute = kind === "days" ? [] : [format(moment, "minutes")];
  item.textContent = [...(isNewDay ? [day(moment)] : []), ...minute].join(", ");
  return item;
}

const day = (moment) => format(moment, moment.getFullYear() === new Date().getFullYear() ? "day" : "date");

// Between rows of two minutes, or of two days, stands a mark that says which one begins below.
import { format } from "./times.js";

const kind = document.querySelector("[data-stream]")?.dataset.marks; // minutes, or days

const momentOf = (row) => new Date(row.querySelector("time").dateTime);
const dayOf = (row) => momentOf(row).toDateString();
const isToday = (row) => dayOf(row) === new Date().toDateString();

/** Whether two rows stand below the same mark. */
export function isAlike(a, b) {
  return kind === "days" ? dayOf(a) === dayOf(b) : a.dataset.minute === b.dataset.minute;
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
  const above = old ? old.previousElementSibling : before;
  old?.remove();
  const follows = above?.matches(".row") ?? false;
  if (follows ? isAlike(above, row) : kind === "days" && isToday(row)) return;
  row.before(markOf(row, !follows || dayOf(above) !== dayOf(row)));
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

// Between the rows of two minutes, or two days, stands a mark that says which one begins below.
import { format } from "./times.js";

const isMarked = document.querySelector("[data-stream][data-marks]") !== null;

/** Put the marks right around a row that has just been put in its place. */
export function mark(row) {
  if (!isMarked || !row.matches(".row")) return;
  settle(row);
  const next = row.nextElementSibling;
  if (next?.matches(".mark")) settle(next.nextElementSibling);
  else if (next?.matches(".row")) settle(next);
}

/** A row is preceded by a mark exactly where its minute is another one than that of the row above. */
function settle(row) {
  const before = row.previousElementSibling;
  const old = before?.matches(".mark") ? before : null;
  const above = old ? old.previousElementSibling : before;
  old?.remove();
  if (above?.matches(".row") && above.dataset.minute === row.dataset.minute) return;
  row.before(markOf(row, above));
}

function markOf(row, above) {
  const moment = momentOf(row);
  const isNewDay = !above?.matches(".row") || dayOf(momentOf(above)) !== dayOf(moment);
  const item = document.createElement("li");
  item.className = isNewDay ? "mark day" : "mark";
  item.textContent = isNewDay ? `${format(moment, "day")}, ${format(moment, "minutes")}` : format(moment, "minutes");
  return item;
}

const momentOf = (row) => new Date(row.querySelector("time").dateTime);
const dayOf = (moment) => moment.toDateString();

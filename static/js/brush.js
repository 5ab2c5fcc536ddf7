// A part of the histogram, chosen by drawing across it: the page opens with what happened then.
import { byId } from "./dom.js";

const TIMES = /("(?:[^"\\]|\\.)*")|(?<=^|\s)(?:since|until):\S+/g; // but not what stands in quotation marks

let from = null;

const columnAt = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-brush] a[data-start]");

/** Mark the columns between two, whichever comes first. */
function choose(a, b) {
  const columns = [...a.closest("svg").querySelectorAll("a[data-start]")];
  const [first, last] = [columns.indexOf(a), columns.indexOf(b)].sort((one, other) => one - other);
  columns.forEach((column, n) => column.classList.toggle("chosen", n >= first && n <= last));
  return [columns[first], columns[last]];
}

function open(first, last) {
  const field = byId("q");
  const words = field.value.replace(TIMES, (found, quoted) => quoted ?? "").trim();
  field.value = [words, `since:${zulu(first.dataset.start)}`, `until:${zulu(last.dataset.until)}`].filter(Boolean).join(" ");
  field.form.requestSubmit();
}

const zulu = (moment) => moment.replace("+00:00", "Z");

addEventListener("pointerdown", (event) => {
  from = event.button === 0 ? columnAt(event) : null;
  if (from) event.preventDefault();
});
addEventListener("pointermove", (event) => {
  const to = from && columnAt(event);
  if (to) choose(from, to);
});
addEventListener("pointerup", (event) => {
  const to = from && columnAt(event);
  if (to) open(...choose(from, to));
  from = null;
});
document.addEventListener("click", (event) => {
  if (event.detail > 0 && event.target.closest("[data-brush] a[data-start]")) event.preventDefault(); // drawn already
});

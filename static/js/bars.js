// The value of a bar of the histogram: where the pointer is, and for the keyboard, which walks from bar to bar.
//
// The chart may be a part of a live page, which is replaced while it is read: so the words stand beside it.
import { plural } from "./dom.js";
import { format } from "./times.js";

const CHART = "[data-brush]";
const tip = Object.assign(document.createElement("div"), { className: "chart-tip", hidden: true });
tip.setAttribute("aria-hidden", "true");

let bar = null; // the start of the one that the keyboard is at

const barsOf = (chart) => [...chart.querySelectorAll("a[data-start]")];

/** "23 Nov 2026, 14:00 – 15:00: 95 events", and of which categories. */
function wordsOf({ dataset }) {
  const [start, until] = [new Date(dataset.start), new Date(dataset.until)];
  const end = format(until, start.toDateString() === until.toDateString() ? "minutes" : "short");
  const before = dataset.before === undefined ? "" : `, ${Number(dataset.before).toLocaleString("en")} in the period before`;
  return { when: `${format(start, "short")} – ${end}`, count: `${plural(Number(dataset.count), "event")}${before}`, values: dataset.values };
}

function show(column) {
  const { when, count, values } = wordsOf(column);
  tip.replaceChildren(...[when, count, values].filter(Boolean).map((text) => Object.assign(document.createElement("div"), { textContent: text })));
  tip.hidden = false;
  const [place, size] = [column.getBoundingClientRect(), tip.getBoundingClientRect()];
  const chart = column.closest(CHART).getBoundingClientRect();
  const left = Math.max(chart.left, Math.min(place.left + place.width / 2 - size.width / 2, chart.right - size.width));
  tip.style.translate = `${left + scrollX}px ${Math.max(scrollY, place.top + scrollY - size.height - 6)}px`;
}

function hide() {
  tip.hidden = true;
}

const KEYS = {
  ArrowRight: (at) => at + 1,
  ArrowUp: (at) => at + 1,
  ArrowLeft: (at) => at - 1,
  ArrowDown: (at) => at - 1,
  Home: () => 0,
  End: (at, last) => last,
};

function walk(event) {
  const columns = barsOf(event.target.closest(CHART));
  const known = columns.findIndex((column) => column.dataset.start === bar);
  const at = known < 0 ? columns.length : known;
  if (event.key === "Enter" && known >= 0) location.assign(columns[known].href.baseVal);
  if (!KEYS[event.key]) return;
  event.preventDefault();
  const to = Math.min(Math.max(KEYS[event.key](at, columns.length - 1), 0), columns.length - 1);
  bar = columns[to].dataset.start;
  select(event.target, columns, to);
}

function select(slider, columns, at) {
  columns.forEach((column, n) => column.classList.toggle("chosen", n === at));
  const { when, count, values } = wordsOf(columns[at]);
  slider.setAttribute("aria-valuenow", String(at + 1));
  slider.setAttribute("aria-valuetext", [when, count, values].filter(Boolean).join(", "));
  show(columns[at]);
}

/** The chart was replaced while the keyboard was on it. */
function follow({ target }) {
  const slider = target.querySelector?.(".chart-walk");
  if (!slider || slider !== document.activeElement || bar === null) return;
  const columns = barsOf(slider.closest(CHART));
  const at = columns.findIndex((column) => column.dataset.start === bar);
  if (at >= 0) select(slider, columns, at);
  else hide();
}

if (document.querySelector("#histogram")) {
  document.body.append(tip);
  addEventListener("pointermove", ({ target, pointerType }) => {
    const column = pointerType === "mouse" && target.closest?.(`${CHART} a[data-start]`);
    if (column) show(column);
    else if (!document.activeElement.matches(".chart-walk")) hide();
  }, { passive: true });
  document.addEventListener("keydown", (event) => event.target.matches?.(".chart-walk") && walk(event));
  document.addEventListener("focusout", ({ target }) => {
    if (!target.matches?.(".chart-walk") || !target.isConnected) return;
    for (const column of barsOf(target.closest(CHART))) column.classList.remove("chosen");
    bar = null;
    hide();
  });
  document.addEventListener("region:replaced", follow);
}

// The marks of a timeline at round times of the viewer's time zone, such as midnight: the server sets them in UTC.
import { format } from "./times.js";

const SVG = "http://www.w3.org/2000/svg";
const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

/** The round times from one to another, `step` seconds apart; whole hours by the clock, which may be put forward or back. */
function* times(since, until, step) {
  const at = new Date(since);
  at.setHours(0, 0, 0, 0);
  while (at < until) {
    if (at >= since) yield new Date(at);
    if (step >= DAY_S) at.setDate(at.getDate() + step / DAY_S);
    else if (step >= HOUR_S) at.setHours(at.getHours() + step / HOUR_S);
    else at.setTime(+at + step * 1_000);
  }
}

function place(axis) {
  const { since, until, step, form } = axis.dataset;
  const [begin, end] = [new Date(since), new Date(until)];
  const marks = [...times(begin, end, Number(step))].map((at) => ({ at, left: ((at - begin) / (end - begin)) * 100 }));
  const lines = axis.querySelector("g");
  lines.replaceChildren(...marks.map(({ left }) => element("line", { class: "chart-grid", x1: `${left}%`, x2: `${left}%`, y2: "100%" })));
  axis.replaceChildren(lines, ...marks.map(({ at, left }) => label(at, left, form)));
}

function label(at, left, form) {
  const place = element("foreignObject", { x: `${left}%`, y: 0, width: 72, height: 34 });
  if (left > 80) place.setAttribute("class", left > 96 ? "late" : "rather-late");
  const time = document.createElement("time");
  Object.assign(time, { dateTime: at.toISOString(), title: format(at, "full"), textContent: format(at, form) });
  place.append(time);
  return place;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

function placeAll(root) {
  for (const axis of root.querySelectorAll(".axis[data-step]")) place(axis);
}

placeAll(document);
document.addEventListener("region:replaced", ({ target }) => placeAll(target));

// A gap stands for events that the page does not hold: it says how many there are, and loads them.
import { plural } from "./dom.js";

export const positionOf = (row) => Number(row.dataset.position);
const countOf = (row) => Number(row.dataset.count ?? 1);

/** How many events these rows and gaps stand for. */
export const countAll = (rows) => rows.reduce((sum, row) => sum + countOf(row), 0);

/** Whether one of these gaps stands for a row, among others. */
export function isWithin(gaps, row) {
  const position = positionOf(row);
  return gaps.some((gap) => Number(gap.dataset.after) < position && position < positionOf(gap));
}

/** A gap as it is counted, {after, before, count}, with one row or gap more in it. */
export function joined(gap, row) {
  const from = Number(row.dataset.after ?? positionOf(row) - 1);
  const to = positionOf(row) + ("after" in row.dataset ? 0 : 1);
  if (!gap) return { after: from, before: to, count: countOf(row) };
  return { after: Math.min(gap.after, from), before: Math.max(gap.before, to), count: gap.count + countOf(row) };
}

/** The row for it, as the server makes them. `address` is where rows are asked for. */
export function gapOf({ after, before, count }, address) {
  const item = document.createElement("li");
  item.className = "gap";
  item.id = `gap${after}`;
  Object.assign(item.dataset, { position: before, after, count });
  const link = document.createElement("a");
  link.href = `/activity/?before=${before}`;
  link.dataset.rows = `${address}&after=${after}&before=${before}`;
  link.textContent = `${plural(count, "event")} not shown · load`;
  item.append(link);
  return item;
}

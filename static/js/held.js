// Rows that are held back while somebody reads: the newest few hundred as they are, all older ones as one gap.
import { plural } from "./dom.js";

const MOST = 200; // rows; more would not stay on the page either

const held = new Map(); // id → row or gap
let shed = null; // what does not fit: how many events, between which positions

const positionOf = (row) => Number(row.dataset.position);
const countOf = (row) => Number(row.dataset.count ?? 1);

export const isHeld = (id) => held.has(id);

/** How many events these rows and gaps stand for. */
export const countAll = (rows) => rows.reduce((sum, row) => sum + countOf(row), 0);

export const heldCount = () => countAll([...held.values()]) + (shed?.count ?? 0);

export function holdBack(rows) {
  for (const row of rows) held.set(row.id, row);
  if (held.size <= MOST) return;
  for (const row of newestFirst().slice(MOST / 2)) {
    held.delete(row.id);
    shed = joined(shed, row);
  }
}

function joined(gap, row) {
  const from = Number(row.dataset.after ?? positionOf(row) - 1);
  const to = positionOf(row) + ("after" in row.dataset ? 0 : 1);
  if (!gap) return { after: from, before: to, count: countOf(row) };
  return { after: Math.min(gap.after, from), before: Math.max(gap.before, to), count: gap.count + countOf(row) };
}

const newestFirst = () => [...held.values()].sort((a, b) => positionOf(b) - positionOf(a));

/** Everything that is held, newest first, and held no longer. `address` is where rows are asked for. */
export function takeHeld(address) {
  const rows = newestFirst();
  if (shed) rows.push(gapOf(shed, address));
  held.clear();
  shed = null;
  return rows;
}

function gapOf({ after, before, count }, address) {
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

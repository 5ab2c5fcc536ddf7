// Rows that are held back while somebody reads: the newest few hundred as they are, all older ones as one gap.
import { countAll, gapOf, joined, positionOf } from "./gaps.js";

const MOST = 200; // rows; more would not stay on the page either

const held = new Map(); // id → row or gap
let shed = null; // what does not fit: how many events, between which positions

/** Whether a row is held back already, or counted among those that do not fit. */
export function isHeld(row) {
  const position = positionOf(row);
  return held.has(row.id) || (shed !== null && shed.after < position && position < shed.before);
}

export const heldCount = () => countAll([...held.values()]) + (shed?.count ?? 0);

export function holdBack(rows) {
  for (const row of rows) held.set(row.id, row);
  if (held.size <= MOST) return;
  for (const row of newestFirst().slice(MOST / 2)) {
    held.delete(row.id);
    shed = joined(shed, row);
  }
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

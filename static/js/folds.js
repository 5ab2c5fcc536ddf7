// Bursts, folded: of neighbours that say the same kind of thing, the newest is shown, with how many there are.
//
// 1. Which events may be folded, and which are alike, the server says: rows of one burst have the same `data-burst`
//    (see dashboard/row_grouping.py). A burst is what stands together of them; whatever stands between two ends it.
// 2. A button in the newest row opens the others. It moves on to the row that comes next.
// 3. A fold keeps a few rows, the folds of a page so many in all. The rest of each is a gap, which is part of it.
// 4. A page is folded by this alone, when it is opened and when rows come: both look the same.
import { MOST, isOpen, label, makeButton } from "./foldbutton.js";
import { gapOf, joined } from "./gaps.js";

const MOST_IN_ALL = 200; // rows within folds that are closed, on one page

const isRow = (item) => item.matches(".row");

/** Fold everything again. `address` is where rows are asked for. */
export function fold(list, address) {
  let room = MOST_IN_ALL;
  for (const run of runs(list)) room -= settle(run, Math.min(room, MOST), address);
}

/** Neighbours of one burst, newest first; one that is alone is a run too. */
function runs(list) {
  const found = [];
  let run = [];
  for (const item of list.children) {
    const burst = item.dataset.burst;
    if (!burst) run = [];
    else if (burst === run[0]?.dataset.burst) run.push(item);
    else if (isRow(item)) found.push((run = [item]));
    else leave(item);
  }
  return found;
}

/** Give a run its form. Says how many rows it keeps out of sight. */
function settle(run, room, address) {
  const [head, ...inside] = run;
  const button = buttonIn(run);
  if (!inside.length) {
    button?.remove();
    leave(head);
    return 0;
  }
  leave(head);
  const opened = isOpen(button);
  const kept = shed(inside, opened ? Number(button.dataset.most) : room, address);
  for (const item of kept) enter(item, !opened);
  label(button ?? makeButton(), [head, ...kept]);
  return opened ? 0 : kept.filter(isRow).length;
}

/** The run's button; where two runs have become one, there is one too many. */
function buttonIn(run) {
  const [button, ...others] = run.flatMap((item) => [...item.getElementsByClassName("fold")]);
  for (const other of others) other.remove();
  return button;
}

function leave(item) {
  item.hidden = false;
  item.classList.remove("inside");
}

function enter(item, isHidden) {
  item.hidden = isHidden;
  item.classList.add("inside");
  item.classList.remove("fresh");
}

/** What there is no room for joins the gap at the end. */
function shed(inside, room, address) {
  const rows = inside.filter(isRow);
  const left = [...rows.slice(room), ...inside.filter((item) => !isRow(item))];
  if (left.length === 0 || (left.length === 1 && !isRow(left[0]))) return inside;
  const gap = gapOf(left.reduce(joined, null), address);
  gap.id = `fold${gap.dataset.after}`;
  gap.dataset.burst = inside[0].dataset.burst;
  left.at(-1).after(gap);
  for (const item of left) item.remove();
  return [...rows.slice(0, room), gap];
}

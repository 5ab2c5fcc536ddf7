// The stream, live: what comes is shown at once, unless somebody reads (has scrolled down, points, selects, stands on a
// row, has paused, or has opened something over them). Then it is held back and counted: no row moves under a reader.
import { byId, hasSelection, plural, say } from "./dom.js";
import { countAll } from "./gaps.js";
import { heldCount, holdBack, isHeld, takeHeld } from "./held.js";
import { list, show, stream, unknown } from "./rows.js";

const CALM_MS = 2_000; // beside what needs a person, rows come together and not one by one
const SUMMARY_MS = 10_000; // a screen reader is told no more often what came
const OPENED = "dialog[open], :popover-open"; // over the rows: when it closes, the focus goes back to one of them

const button = stream?.querySelector("[data-held]");
const pause = byId("pause");
const isCalm = stream?.closest(".now-latest") != null;
let isPaused = false;
let isPointedAt = false;
let untold = 0;
let shownAt = -Infinity;
let gathering = 0; // the timer that shows what has come meanwhile

/** Take rows and gaps in, in any order; those that the page has already are dropped. */
export function receive(rows) {
  const fresh = unknown(rows).filter((row) => !isHeld(row));
  untold += countAll(fresh);
  if (isBeingRead()) holdBack(fresh);
  else if (isCalm && performance.now() - shownAt < CALM_MS) gather(fresh);
  else showNow(fresh);
  countHeld();
}

function showNow(rows) {
  shownAt = performance.now();
  show([...rows, ...takeHeld(stream.dataset.rows)]);
}

function gather(rows) {
  holdBack(rows);
  gathering ||= setTimeout(() => {
    gathering = 0;
    releaseUnlessRead();
    countHeld();
  }, CALM_MS);
}

function isBeingRead() {
  const isScrolled = list.getBoundingClientRect().top < 0;
  const isOnRow = list.contains(document.activeElement) && document.activeElement.matches(":focus-visible");
  return isPaused || isPointedAt || isScrolled || isOnRow || document.querySelector(OPENED) !== null || hasSelection(list);
}

function countHeld() {
  const count = heldCount();
  button.hidden = (count === 0 || (gathering && !isBeingRead())) && !isPaused;
  button.querySelector("[data-words]").textContent = `${isPaused ? "Paused · " : ""}${count.toLocaleString("en")} new`;
}

function release() {
  showNow([]);
  countHeld();
}

function releaseUnlessRead() {
  if (heldCount() && !isBeingRead()) release();
}

/** Pause, or go on. Says whether this page has something to pause. */
export function togglePause() {
  if (!pause) return false;
  isPaused = !isPaused;
  pause.classList.toggle("on", isPaused);
  pause.querySelector("use").setAttribute("href", isPaused ? "#i-resume" : "#i-pause");
  pause.querySelector("span").textContent = isPaused ? "Resume" : "Pause";
  say(isPaused ? "Paused. New events are held until you resume." : "Stream resumed.");
  countHeld();
  releaseUnlessRead();
  return true;
}

function goToNewest() {
  if (isPaused) togglePause();
  release();
  if (list.getBoundingClientRect().top < 0) stream.scrollIntoView();
  list.querySelector("a")?.focus({ preventScroll: true, focusVisible: false });
}

function tellSummary() {
  if (untold) say(`${plural(untold, "new event")}.`);
  untold = 0;
}

if (list) {
  list.addEventListener("pointerenter", (event) => (isPointedAt = event.pointerType === "mouse"));
  list.addEventListener("pointerleave", () => (isPointedAt = false));
  for (const name of ["pointerleave", "focusout"]) list.addEventListener(name, () => setTimeout(releaseUnlessRead));
  for (const name of ["close", "toggle"]) document.addEventListener(name, () => setTimeout(releaseUnlessRead), true);
  for (const name of ["scroll", "selectionchange"]) document.addEventListener(name, releaseUnlessRead, { passive: true });
  button.addEventListener("click", goToNewest);
  pause?.addEventListener("click", togglePause);
  setInterval(tellSummary, SUMMARY_MS);
}

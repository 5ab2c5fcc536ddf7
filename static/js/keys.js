// Single keys, for those who have switched them on, and never while somebody types. `?` lists them.
import { mayAct, take } from "./acting.js";
import { byId, isSingleKey, memory } from "./dom.js";
import { openPalette } from "./palette.js";
import { focusedNeed, linkOf, needs, snooze, togglePick } from "./inbox.js";
import { togglePause } from "./stream.js";

const CHORD_MS = 1_500; // "g", then a letter
const ROWS = "#stream > li:not([hidden]) > a:first-child, [data-row] a.stretched, [data-row] > a:first-child, main a.need-open, #resolved [data-row] a[data-event]";

const help = byId("help");
const on = byId("keys-on");
let goes = false;

const ACTIONS = {
  "/": focusSearch,
  "?": () => help.showModal(),
  j: () => move(1),
  k: () => move(-1),
  " ": togglePause,
  r: () => onFocused((need) => linkOf(need).click()),
  a: () => onFocused((need) => mayAct() && take(need)),
  s: () => onFocused(snooze),
  x: () => onFocused(togglePick),
  g: startChord,
};

/** The field that searches this page, else the palette. */
function focusSearch() {
  const field = document.querySelector("[data-find]");
  if (!field) return openPalette();
  field.focus();
  field.select();
}

function move(step) {
  const links = [...document.querySelectorAll(ROWS)];
  const row = document.activeElement.closest("[data-need]");
  const index = links.indexOf(row ? linkOf(row) : document.activeElement);
  const next = links[index < 0 ? 0 : Math.min(Math.max(index + step, 0), links.length - 1)];
  next?.focus();
  next?.closest("li, tr")?.scrollIntoView({ block: "nearest" });
}

/** Acts on the blocker that has the focus, never on another one: where none has it, the first gets it. */
function onFocused(act) {
  const need = focusedNeed();
  if (need) return act(need);
  const [first] = needs();
  if (!first) return false;
  linkOf(first).focus();
}

function startChord() {
  goes = true;
  setTimeout(() => (goes = false), CHORD_MS);
}

function finishChord(key) {
  goes = false;
  const link = document.querySelector(`:is(.nav, .menu) a[data-key="${CSS.escape(key)}"]`);
  link?.click();
  return link !== null;
}

function press(event) {
  const { key, target } = event;
  if (!isSingleKey(event) || isTaken(target, key)) return;
  const isDone = goes ? finishChord(key) : ACTIONS[key]?.() !== false && key in ACTIONS;
  if (isDone) event.preventDefault();
}

/** Whether the key means something else where it is pressed: in a field, in a dialog, or Space on a button. */
function isTaken(target, key) {
  if (target.closest("input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]")) return true;
  if (document.querySelector("dialog[open], :popover-open")) return true;
  return key === " " && target.closest("button, summary, input, a:not(#stream a)") !== null;
}

if (help) {
  on.checked = memory.get("keys") !== "off";
  on.addEventListener("change", () => memory.set("keys", on.checked ? "on" : "off"));
  document.addEventListener("keydown", press);
  document.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());
  help.addEventListener("click", (event) => event.target === help && help.close());
  // Until the next paint the switch would still have the focus, unseen, and a Space turn it back.
  for (const name of ["cancel", "close"]) help.addEventListener(name, () => on.blur());
}

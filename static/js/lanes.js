// The timeline with the keyboard: a lane is one stop of Tab, the arrows go along it and to the lanes beside it. What a
// block says when it is pointed at is told in the reader's time zone.
import { format } from "./times.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
const LANES = { ArrowUp: -1, ArrowDown: 1 };
const MOMENTS = /(?:since|until):(\S+)/g; // of the events that a block leads to

const blocksOf = (lane) => [...lane.querySelectorAll("a")];

function focus(block) {
  for (const other of blocksOf(block.closest(".lane"))) other.setAttribute("tabindex", other === block ? "0" : "-1");
  block.focus();
}

function along(block, step) {
  const blocks = blocksOf(block.closest(".lane"));
  return blocks[blocks.indexOf(block) + step];
}

/** The block of another lane that lies nearest. */
function across(block, step) {
  const lanes = [...document.querySelectorAll(".lane")].filter((lane) => lane.querySelector("a"));
  const lane = lanes[lanes.indexOf(block.closest(".lane")) + step];
  const distance = (other) => Math.abs(middle(other) - middle(block));
  return lane && blocksOf(lane).reduce((nearest, other) => (distance(other) < distance(nearest) ? other : nearest));
}

function middle(block) {
  const { left, right } = block.getBoundingClientRect();
  return (left + right) / 2;
}

document.addEventListener("keydown", (event) => {
  const block = event.target.closest?.(".lane a");
  if (!block || event.metaKey || event.ctrlKey || event.altKey) return;
  const isStep = event.key in STEPS;
  if (!isStep && !(event.key in LANES)) return;
  event.preventDefault();
  const goal = isStep ? along(block, STEPS[event.key]) : across(block, LANES[event.key]);
  if (goal) focus(goal);
});

/** Its title says in UTC from when to when; its address, or the block itself, says the same for any time zone. */
function tellTimes(block) {
  const title = block.querySelector("title");
  const [words, , length = ""] = split(title.textContent);
  const [began, ended] = momentsOf(block).map((moment) => format(new Date(moment), "full"));
  title.textContent = `${words}\n${began} – ${ended ?? "now"}\n${length}`;
}

function momentsOf({ dataset, href }) {
  if (dataset.began) return [dataset.began, ...(dataset.ended ? [dataset.ended] : [])];
  const query = new URLSearchParams(href.baseVal.split("?")[1]).get("q");
  return [...query.matchAll(MOMENTS)].map(([, moment]) => moment);
}

/** A title's last three lines: what, from when to when, how long. What a producer wrote may have lines of its own. */
function split(text) {
  const lines = text.split("\n");
  return [lines.slice(0, -2).join("\n"), ...lines.slice(-2)];
}

for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const block = event.target.closest?.(".lane a");
    if (block) tellTimes(block);
  });
}

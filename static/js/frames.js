// Messages from the server: regions, rows and the beat. htmx keeps the line; the messages are taken apart here, since
// htmx would copy every part before it hands it over.
//
// On a slow phone, too, the reader has most of the time: when it took long to paint what came, the page rests for several
// times as long. What comes meanwhile is taken together: the newest rows, and a gap with the number of those before them.
import { byId } from "./dom.js";
import { gapOf, joined } from "./gaps.js";
import { offer } from "./regions.js";
import { stream } from "./rows.js";
import { receive } from "./stream.js";

const LONG_MS = 150; // a reader would notice; shorter work needs no rest
const REST_FACTOR = 5;
const MAX_REST_MS = 2_000; // also where nothing is painted, in a tab that is not shown
const MOST = 80; // rows that are taken together, unless one message has more

let waiting = []; // messages
let resting = null; // the timer that ends the rest

document.addEventListener("htmx:wsBeforeMessage", (event) => {
  event.preventDefault();
  waiting.push(event.detail.message);
  if (resting === null) takeAll();
});

function takeAll() {
  const begun = performance.now();
  const parts = shortened(waiting).map(parse);
  waiting = [];
  take(parts.flatMap((content) => [...content.children]));
  restAfterPaint(performance.now() - begun);
}

/** With too many rows in all, the older lists are cut to their opening tags, which say how many rows they had. */
function shortened(messages) {
  let rows = 0;
  const shorten = (message) => {
    const [opening, count = 0] = /^<ol [^>]*data-count="(\d+)"[^>]*>/.exec(message) ?? [];
    const isRoom = !opening || rows === 0 || rows + Number(count) <= MOST;
    rows += Number(count);
    return isRoom ? message : opening;
  };
  return messages.toReversed().map(shorten).reverse();
}

function parse(message) {
  return Object.assign(document.createElement("template"), { innerHTML: message }).content;
}

/** A region, like the beat, may have come several times: the newest counts. */
function take(parts) {
  const lists = parts.filter((part) => part.hasAttribute("hx-swap-oob"));
  if (lists.length) receive(rowsOf(lists));
  const { beat, ...regions } = Object.fromEntries(parts.filter((part) => part.id).map((part) => [part.id, part]));
  for (const [id, region] of Object.entries(regions)) offer(id, region);
  if (!beat) return; // it comes with the last message of a frame
  byId("beat").replaceWith(beat);
  document.dispatchEvent(new CustomEvent("page:frame"));
}

function rowsOf(lists) {
  const rows = lists.flatMap((list) => [...list.children]);
  const shed = lists.filter((list) => !list.children.length).reduce(joined, null);
  return shed ? [...rows, gapOf(shed, stream.dataset.rows)] : rows;
}

function restAfterPaint(took) {
  restFor(MAX_REST_MS);
  requestAnimationFrame(() => {
    const begun = performance.now();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => restAfter(took + performance.now() - begun);
    port2.postMessage(null); // is received when the frame is painted
  });
}

function restAfter(milliseconds) {
  if (milliseconds < LONG_MS) endRest();
  else restFor(Math.min(REST_FACTOR * milliseconds, MAX_REST_MS));
}

function restFor(milliseconds) {
  clearTimeout(resting);
  resting = setTimeout(endRest, milliseconds);
}

function endRest() {
  clearTimeout(resting);
  resting = null;
  if (waiting.length) takeAll();
}

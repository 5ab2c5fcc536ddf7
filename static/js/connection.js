// The line to the server: whether it lives, and what was missed while it did not.
//
// 1. A frame comes with every change, and at least every five seconds. Two missed ones, or a closed socket, and the page
//    says that it is not connected, since when, and writes nothing.
// 2. With the first frame of a connection the page asks over HTTP for every event after the last one it is sure of.
//    Rows come twice rather than never; the stream drops what it has.
// 3. The last event it is sure of moves on only when nothing is being fetched.
// 4. While the tables are behind the log, the page is live but shows the past: it says by how much.
// 5. While the sources are silent though agents are at work, the page is live, but shows what was: it says so.
// 6. Another epoch is another log: the page starts over. So it does when anything was redacted since it was made.
import { byId, fetchElement, say, signedInAgain, signIn } from "./dom.js";
import { reload } from "./reloading.js";
import { stream } from "./rows.js";
import { receive } from "./stream.js";
import { format, setServerTime, span } from "./times.js";

const SILENCE_MS = 11_000; // two heartbeats and a second
const GRACE_MS = 1_500; // a socket that comes back so soon was never lost to a reader
const LONGEST_PAUSE_MS = 5_000; // between two tries
const NOT_SIGNED_IN = 4401;
const OTHER_SIGHT = 4409; // the viewer may see other boards now: what stands here may be theirs no more
const TOO_MANY = 4429; // pages of this viewer
const RETRIED = [1006, 1011, 1012, 1013]; // by htmx itself
const FATAL = [NOT_SIGNED_IN, OTHER_SIGHT, 4403, 4404];
const SILENT = "Live, source silent"; // the line is open, and nothing comes through it
const WORDS = { connecting: "Connecting", behind: "Catching up", live: "Live", lost: "Not connected" };

let socket = null;
let heard = performance.now();
let sure = Number(byId("beat")?.dataset.head); // every event up to here is on the page, held back, or shown as a gap
let epoch = byId("beat")?.dataset.epoch;
const redaction = Number(byId("beat")?.dataset.redaction); // what was redacted by then, the page does not show
let isBehind = true;
let isFetching = false;
let lag = 0; // seconds that the tables are behind the log; 0 while nobody would notice
let grace = null;

document.addEventListener("region:replaced", ({ target }) => target.id === "source" && showWords());

if (window.htmx && byId("beat")) connect();

function connect() {
  htmx.config.wsReconnectDelay = (tries) => Math.min(500 * 2 ** tries, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
  htmx.createWebSocket = (address) => (socket = new WebSocket(address));
  document.addEventListener("htmx:wsOpen", () => (isBehind = true));
  document.addEventListener("htmx:wsClose", ({ detail }) => closed(detail.event.code, detail.socketWrapper));
  document.addEventListener("page:frame", beat);
  document.addEventListener("htmx:wsError", (event) => event.stopPropagation());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  setInterval(listen, 1000);
  show("connecting");
}

function closed(code, wrapper) {
  isBehind = true;
  grace ??= setTimeout(lose, GRACE_MS);
  if (code === NOT_SIGNED_IN) {
    signIn();
    setTimeout(wrapper.reconnect, LONGEST_PAUSE_MS); // where the page stays: somebody may sign in in another tab
  } else if (code === OTHER_SIGHT) location.reload();
  else if (!RETRIED.includes(code) && !FATAL.includes(code))
    setTimeout(wrapper.reconnect, code === TOO_MANY ? LONGEST_PAUSE_MS : 1000);
}

/** A dead line may look open for minutes: it is closed, so that another one is tried. */
function listen() {
  if (performance.now() - heard < SILENCE_MS) return;
  lose();
  if (socket?.readyState === WebSocket.OPEN) socket.close();
}

function lose() {
  if (performance.now() - heard > GRACE_MS) show("lost");
}

function beat() {
  const { head, epoch: current, at, redaction: newest, behind, searchBehind } = byId("beat").dataset;
  if (Number(newest) > redaction) return reload();
  if (current !== epoch || byId("waiting")?.matches("[data-is-over]")) return location.reload();
  heard = performance.now();
  clearTimeout(grace);
  grace = null;
  setServerTime(new Date(at));
  showLag(Number(behind), Number(searchBehind));
  if (isBehind && stream) catchUp(Number(head));
  else if (!isFetching) sure = Math.max(sure, Number(head));
  if (!isBehind || !stream) show("live");
}

async function catchUp(head) {
  if (isFetching) return;
  show("behind");
  isFetching = true;
  try {
    const rows = await fetchElement(`${stream.dataset.rows}&after=${sure}`);
    receive([...rows.children]);
    sure = Math.max(sure, head, Number(rows.dataset.head));
    isBehind = false;
  } catch (error) {
    isBehind = error.cause !== 400; // a filter that cannot be read has no rows to miss; else the next frame tries again
  } finally {
    isFetching = false;
  }
  if (!isBehind) show("live");
}

function show(state) {
  const root = document.documentElement;
  if (root.dataset.connection === state) return;
  root.dataset.connection = state;
  if (state === "live") signedInAgain();
  const line = byId("connection");
  line.dataset.state = state;
  showWords();
  const isLost = state === "lost";
  byId("lost").hidden = !isLost;
  if (isLost) byId("lost").querySelector("time").textContent = format(lastHeard(), "seconds");
  for (const button of document.querySelectorAll("[data-writes]")) button.disabled = isLost;
}

/** The words change with every second of lag; assistive technology is told of its beginning and its end. */
function showLag(tables, search) {
  if (tables && !lag) say("This page is a few seconds behind. It is catching up.");
  if (lag && !tables) say("This page is up to date.");
  lag = tables;
  showWords();
  const line = byId("search-lag");
  if (line) line.textContent = search ? `Search index ${span(search * 1000)} behind. Results are complete, but slower.` : "";
}

function showWords() {
  const line = byId("connection");
  const { state } = line.dataset;
  const isSilent = state === "live" && !lag && byId("source")?.hasAttribute("data-silent");
  line.toggleAttribute("data-lags", isSilent || (state === "live" && lag > 0));
  line.querySelector("[data-words]").textContent = state === "live" && lag ? behindBy(lag) : isSilent ? SILENT : WORDS[state];
  line.title = isSilent ? "Agents are working, but no event has come for a while. See Health." : "";
}

/** "Live, 4 s behind": the end stays together where it is shown in two lines. */
const behindBy = (seconds) => `Live, ${span(seconds * 1000)} behind`.replace(/ (s|min) behind$/, "\u00a0$1\u00a0behind");

const lastHeard = () => new Date(Date.now() - (performance.now() - heard));

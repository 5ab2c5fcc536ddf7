// A task is blocked: the tab's title says how many, and a toast, a notification and a sound say which.
//
// 1. The server sends what has come up just now, one alert for each root cause, the same to everybody.
// 2. What this person does not want to hear of is left out here, by their preferences in the page.
// 3. A page of one board shows the alerts of that board. While nobody sees the page, a notification tells of any board.
// 4. A tab tells of a cause once, also across pages and reconnections; what it finds when it is opened is no news.
// 5. In quiet hours nothing is told. When they end, the server says what came meanwhile.
// 6. Of several tabs, one makes the notification and the sound.
import { byId, fetchElement, memory, plural } from "./dom.js";
import { isQuiet, isWanted, messages, news } from "./interrupting.js";
import { notify } from "./notifying.js";
import { chime } from "./sound.js";
import { localise, serverNow } from "./times.js";
import { showToast } from "./toasts.js";

const MOST = 3; // at once; the bell has them all
const LOCK = "alerts";
const MISSED = "/alerts/missed/";

const title = document.body.dataset.title;
const epoch = byId("beat")?.dataset.epoch;

let told = recall("sessionStorage");
let wasQuiet = null;

export const preferences = () => JSON.parse(byId("preferences").dataset.preferences);

/** What was told by this tab, or by this browser; null where nothing is known. Another epoch has other causes. */
function recall(storage) {
  try {
    const kept = JSON.parse(memory.get("told", storage));
    return kept?.epoch === epoch ? kept.causes : null;
  } catch {
    return null;
  }
}

function memorise(causes, storage) {
  memory.set("told", JSON.stringify({ epoch, causes }), storage);
}

const present = () => [...(byId("alerts")?.children ?? [])].map(alertFrom);

function alertFrom({ dataset }) {
  const { cause, board, severity, task, agent, text, href, opens, assignee, by } = dataset;
  return { cause, board, severity, task, agent, text, href, assignee, by, blocker: opens, at: new Date(dataset.at), more: Number(dataset.more ?? 0) };
}

/** What is assigned to somebody tells them alone, and on every page. */
const isForMe = ({ assignee }) => assignee === document.body.dataset.user;
const isOfThisPage = ({ board, assignee }) => assignee !== undefined || [board, ""].includes(byId("alerts").dataset.board);
const isHeard = (wishes, alert) => (alert.assignee === undefined ? isWanted(wishes, alert) : isForMe(alert));

function tell() {
  const wishes = preferences();
  const heard = present().filter((alert) => isHeard(wishes, alert) && (document.hidden || isOfThisPage(alert)));
  const found = news(told ?? {}, heard, Date.now());
  const isFirst = told === null;
  told = found.told;
  memorise(told, "sessionStorage");
  if (isFirst || isQuiet(wishes.quiet, serverNow())) return;
  interrupt(found.fresh.filter(({ at }) => !isQuiet(wishes.quiet, at)), wishes);
}

async function interrupt(alerts, wishes) {
  if (!alerts.length) return;
  messages(alerts.filter(isOfThisPage), MOST).reverse().forEach(showToast);
  const ours = await claim(alerts);
  if (!ours.length) return;
  if (wishes.sound) chime();
  if (wishes.notifications && document.hidden) messages(ours, MOST).forEach(notify);
}

/** Those of which no other tab of this browser has told. One tab asks at a time, where the browser can see to that. */
function claim(alerts) {
  return navigator.locks ? navigator.locks.request(LOCK, () => take(alerts)) : take(alerts);
}

function take(alerts) {
  const found = news(recall("localStorage") ?? {}, alerts, Date.now());
  memorise(found.told, "localStorage");
  return found.fresh;
}

function watchQuietHours() {
  const isNow = isQuiet(preferences().quiet, serverNow());
  if (wasQuiet && !isNow) tellWhatWasMissed();
  wasQuiet = isNow;
}

async function tellWhatWasMissed() {
  const missed = await fetchElement(MISSED).catch(() => null);
  if (!missed?.dataset.count) return;
  localise(missed);
  byId("missed")?.replaceWith(missed);
  const heading = `${plural(Number(missed.dataset.count), "blocker")} opened during your quiet hours`;
  showToast({ heading, text: "See them under Alerts.", href: "/alerts/" });
}

function countInTitle() {
  const open = Number(byId("bell")?.dataset.open);
  document.title = open ? `(${open}) ${title}` : title;
}

if (byId("toasts")) {
  tell();
  watchQuietHours();
  setInterval(watchQuietHours, 1000);
  document.addEventListener("region:replaced", ({ target }) => {
    if (target.id === "alerts") tell();
    if (target.id === "bell") countInTitle();
  });
}

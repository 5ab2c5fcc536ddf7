// Times in the viewer's time zone, and how long ago they were, kept up to date.

const FORMS = {
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  minutes: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  weekday: { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { weekday: "long", day: "numeric", month: "long" },
  date: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  full: { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" },
};
const formats = Object.fromEntries(
  Object.entries(FORMS).map(([name, form]) => [name, new Intl.DateTimeFormat("en-GB", form)]),
);
const UNITS = [[86_400, "d"], [3_600, "h"], [60, "min"]];

let ahead = 0; // milliseconds that the server's clock is ahead of ours

export const format = (moment, form) => formats[form].format(moment);

export const serverNow = () => new Date(Date.now() + ahead);

export function setServerTime(moment) {
  ahead = moment - Date.now();
}

/** "4 min", "2 h 5 min", "3 d 1 h": as the server writes it. */
function span(milliseconds) {
  let seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const parts = [];
  for (const [size, unit] of UNITS) {
    const number = Math.floor(seconds / size);
    seconds %= size;
    if (number || parts.length) parts.push(number ? `${number} ${unit}` : "");
  }
  return parts.slice(0, 2).filter(Boolean).join(" ");
}

/** Write the times in an element for its reader. */
export function localise(element) {
  for (const time of element.querySelectorAll("time[data-time]")) {
    const moment = new Date(time.dateTime);
    time.title = format(moment, "full");
    setText(time, wordsOf(time));
  }
}

/** "3 min" ago, "in 8 s", or the time itself. */
function wordsOf({ dateTime, dataset }) {
  const moment = new Date(dateTime);
  if (dataset.time === "since") return ago(moment);
  if (dataset.time === "until") return moment > Date.now() + ahead ? `in ${span(moment - Date.now() - ahead)}` : "now";
  return format(moment, dataset.time);
}

const ago = (moment) => span(Date.now() + ahead - moment);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  for (const time of document.querySelectorAll('time:is([data-time="since"], [data-time="until"])')) {
    setText(time, wordsOf(time));
  }
}

localise(document);
setInterval(tick, 1000);

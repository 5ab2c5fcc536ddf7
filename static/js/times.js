// Times in the viewer's time zone, and how long ago they were, kept up to date. The page names the zone once; a time
// that comes twice, since clocks were put back, names its own.

const CLOCKS = {
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  minutes: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  weekday: { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  full: { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" },
};
const DATES = {
  day: { weekday: "long", day: "numeric", month: "long" },
  date: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  monthDay: { day: "numeric", month: "short" },
  monthDayYear: { day: "numeric", month: "short", year: "numeric" },
};
const formats = Object.fromEntries(
  Object.entries({ ...CLOCKS, ...DATES, zone: { timeZoneName: "short" } }).map(([name, form]) => [name, new Intl.DateTimeFormat("en-GB", form)]),
);
/** Where the browser is, such as "Europe/Berlin". */
export const ZONE = formats.zone.resolvedOptions().timeZone;
// What is put together from these: a date where it is not today's, a mark of an axis in two lines.
const COMPOSED = {
  short: (moment) => (isToday(moment) ? "" : `${shortDate(moment)}, `) + format(moment, "minutes"),
  ahead: (moment) => {
    const day = nearDay(moment);
    return day ? `${day} ${format(moment, "minutes")}` : format(moment, "weekday");
  },
  stamp: (moment) => `${shortDate(moment)}, ${format(moment, "seconds")}`,
  axis: (moment) => `${format(moment, "minutes")}\n${shortDate(moment)}`,
};
const BACK = [30, 60, 120]; // minutes by which clocks are put back somewhere
const MINUTE_MS = 60_000;
const UNITS = [[86_400, "d"], [3_600, "h"], [60, "min"]];

let ahead = 0; // milliseconds that the server's clock is ahead of ours

export function format(moment, form) {
  if (form in COMPOSED) return COMPOSED[form](moment);
  const text = formats[form].format(moment);
  return form in CLOCKS && isRepeated(moment) ? `${text} ${zoneAt(moment)}` : text;
}

const isToday = (moment) => moment.toDateString() === serverNow().toDateString();

/** "today" or "tomorrow"; nothing for other days. */
function nearDay(moment) {
  const now = serverNow();
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  if (moment.toDateString() === tomorrow.toDateString()) return "tomorrow";
  return isToday(moment) ? "today" : "";
}

/** "28 Nov"; with its year where that is another. */
const shortDate = (moment) =>
  format(moment, moment.getFullYear() === serverNow().getFullYear() ? "monthDay" : "monthDayYear");

const offsetAt = (milliseconds) => new Date(milliseconds).getTimezoneOffset();

/** Whether the clocks show this time twice: they were put back just before it, or are just after it. */
const isRepeated = (moment) => BACK.some((minutes) =>
  [+moment - minutes * MINUTE_MS, +moment].some((start) => offsetAt(start + minutes * MINUTE_MS) - offsetAt(start) === minutes));

/** "CEST", or "GMT+2" where a zone has no short name. */
const zoneAt = (moment) => formats.zone.formatToParts(moment).find(({ type }) => type === "timeZoneName").value;

export const serverNow = () => new Date(Date.now() + ahead);

export function setServerTime(moment) {
  ahead = moment - Date.now();
}

/** "4 min", "2 h 5 min", "3 d 1 h": as the server writes it. */
export function span(milliseconds) {
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
  for (const time of document.querySelectorAll('time:is([data-time="since"], [data-time="until"], [data-time="short"], [data-time="ahead"])')) {
    setText(time, wordsOf(time));
  }
}

/** The page says once which zone its times are in. */
function nameZone() {
  for (const place of document.querySelectorAll("[data-zone]")) place.textContent = ZONE.replaceAll("_", " ");
}

localise(document);
nameZone();
setInterval(tick, 1000);

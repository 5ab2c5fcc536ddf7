// What may interrupt a person: what they asked for, when, and what they were told before. Nothing here touches the page.
//
// `preferences` are as `dashboard/pages/alerts/preferences.py` writes them. An alert is {cause, board, severity, …}.

const SEVERITIES = ["low", "medium", "high", "critical"];
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const FORGOTTEN_MS = 86_400_000; // a cause that comes again after a day without it is news again
const MOST = 200; // causes that are remembered

export function isWanted({ boards, severity }, alert) {
  const isSevere = SEVERITIES.indexOf(alert.severity) >= SEVERITIES.indexOf(severity);
  return isSevere && (!boards.length || boards.includes(alert.board));
}

/** Whether a moment lies in quiet hours: the rule of `dashboard/pages/alerts/quiet_hours.py`. */
export function isQuiet(quiet, moment) {
  if (!quiet) return false;
  const { day, minute } = wallClock(moment, quiet.zone);
  const begins = quiet.days.includes(day);
  const began = quiet.days.includes(day === 1 ? 7 : day - 1);
  if (quiet.from < quiet.to) return begins && quiet.from <= minute && minute < quiet.to;
  return (begins && minute >= quiet.from) || (began && minute < quiet.to);
}

/** The day of the week, Monday is 1, and the minute of the day, on the clocks of a time zone. */
function wallClock(moment, zone) {
  const parts = Object.fromEntries(clockOf(zone).formatToParts(moment).map(({ type, value }) => [type, value]));
  return { day: DAYS.indexOf(parts.weekday) + 1, minute: Number(parts.hour) * 60 + Number(parts.minute) };
}

const clocks = new Map();

function clockOf(zone) {
  if (!clocks.has(zone)) clocks.set(zone, makeClock(zone));
  return clocks.get(zone);
}

/** Browsers know fewer time zones than servers do: there, the one of the browser. */
function makeClock(zone) {
  const form = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  try {
    return new Intl.DateTimeFormat("en-GB", { ...form, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", form);
  }
}

/** Those of `alerts` whose cause was not told before, and what is told from now on: {cause: when it was last there}. */
export function news(told, alerts, now) {
  const known = new Map(Object.entries(told).filter(([, at]) => now - at < FORGOTTEN_MS));
  const fresh = alerts.filter(({ cause }) => !known.has(cause));
  for (const { cause } of alerts) known.set(cause, now);
  const newest = [...known].sort(([, one], [, other]) => other - one).slice(0, MOST);
  return { fresh, told: Object.fromEntries(newest) };
}

/** What is said of these alerts, newest first: each of the first `most` by itself, the others as a number. */
export function messages(alerts, most) {
  const said = alerts.slice(0, most).map(message);
  const rest = alerts.length - most;
  if (rest > 0) said.push({ heading: "More tasks are blocked", text: `${rest} more cause${rest === 1 ? "" : "s"}. See Blocked.`, href: "/blocked/" });
  return said;
}

function message({ task, agent, text, more, blocker, cause, href, by }) {
  if (by) return { heading: `${by} assigned you ${task}`, text, blocker, cause, href };
  const others = more ? ` and ${more} more task${more === 1 ? "" : "s"}` : "";
  return { heading: `${task}${others} ${more ? "are" : "is"} blocked`, text: `${agent}: ${text}`, blocker, cause, href };
}

// A task is blocked: the tab's title says how many, and a toast says which. Once for each, also across pages.
import { byId, memory, plural } from "./dom.js";

const SHOWN_MS = 15_000;
const MOST = 3; // toasts at once; the bell has them all

const title = document.body.dataset.title;
const toasts = byId("toasts");
const epoch = byId("beat")?.dataset.epoch;

const positionOf = (alert) => Number(alert.id.replace("alert-", ""));

/** The newest blocker that this tab has told of. */
function lastTold() {
  const [log, position] = (memory.get("told", "sessionStorage") ?? "").split("@");
  return log === epoch ? Number(position) : null;
}

function tell() {
  const alerts = [...(byId("alerts")?.children ?? [])];
  const last = lastTold();
  const newest = Math.max(last ?? 0, ...alerts.map(positionOf));
  memory.set("told", `${epoch}@${newest}`, "sessionStorage");
  if (last !== null) showToasts(alerts.filter((alert) => positionOf(alert) > last));
}

function showToasts(alerts) {
  alerts.slice(0, MOST).reverse().forEach(showToast);
  if (alerts.length > MOST) {
    const rest = plural(alerts.length - MOST, "more open blocker");
    add("Tasks are blocked", `There are ${rest}.`, alerts[MOST].dataset.href.split("#")[0]);
  }
}

function showToast({ dataset }) {
  add(`${dataset.task} is blocked`, `${dataset.agent}: ${dataset.text}`, dataset.href);
}

function add(heading, text, href) {
  const toast = byId("toast").content.firstElementChild.cloneNode(true);
  const link = toast.querySelector("a");
  link.textContent = heading;
  link.href = href;
  toast.querySelector(".toast-text").textContent = text;
  toast.querySelector("button").addEventListener("click", () => toast.remove());
  toasts.append(toast);
  while (toasts.children.length > MOST + 1) toasts.firstElementChild.remove();
  leaveLater(toast);
}

/** It stays for as long as somebody points at it or is on it. */
function leaveLater(toast) {
  setTimeout(() => (toast.matches(":hover, :focus-within") ? leaveLater(toast) : toast.remove()), SHOWN_MS);
}

function countInTitle() {
  const open = Number(byId("bell")?.dataset.open);
  document.title = open ? `(${open}) ${title}` : title;
}

if (toasts) {
  tell();
  document.addEventListener("region:replaced", ({ target }) => {
    if (target.id === "alerts") tell();
    if (target.id === "bell") countInTitle();
  });
}

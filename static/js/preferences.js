// The page of alerts: what only the browser knows, its time zone and whether it may notify, and how the sound sounds.
import { hasOpenedOne } from "./asking.js";
import { say } from "./dom.js";
import { askPermission, permission } from "./notifying.js";
import { chime } from "./sound.js";
import { ZONE } from "./times.js";

const WORDS = {
  granted: "Allowed in this browser.",
  denied: "Blocked in this browser. You can change this in its settings for this site.",
  missing: "Not available: browser notifications need HTTPS.",
  default: "Not yet allowed in this browser.",
  later: "You will be asked when you open your first blocker.",
};

const form = document.querySelector("form[data-alert-form]");

function showPermission() {
  const state = permission();
  const isLater = state === "default" && !hasOpenedOne();
  form.querySelector("[data-permission]").textContent = WORDS[isLater ? "later" : state];
  form.querySelector("[data-allow]").hidden = state !== "default" || isLater;
}

async function ask() {
  await askPermission();
  showPermission();
  say(form.querySelector("[data-permission]").textContent);
}

/** Who has stored nothing yet most likely lives where the browser is. */
function proposeZone({ time_zone: field }) {
  if ("new" in field.dataset && [...field.options].some(({ value }) => value === ZONE)) field.value = ZONE;
}

if (form) {
  proposeZone(form.elements);
  showPermission();
  form.querySelector("[data-allow]").addEventListener("click", ask);
  form.querySelector("[data-play]").addEventListener("click", chime);
}

// The palette (Ctrl or ⌘ and K): finds everything by name. The server answers each text with a list of links and actions.
//
// 1. The field keeps the focus; arrows move a selection in the list (the combobox pattern of WAI-ARIA).
// 2. A link is followed by a click, as everywhere: a task or a blocker opens beside the page where there is a drawer.
// 3. The browser remembers what was opened by keys alone. The server looks up the names, of what is visible.
import { byId, memory, plural, signIn } from "./dom.js";

const WAIT_MS = 60; // between letters typed at once
const MOST_RECENT = 8;
const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.platform);
const LATELY = `recent:${document.body.dataset.user}`;

const palette = byId("palette");
const field = byId("palette-q");
const results = palette?.querySelector("[data-results]");
const status = palette?.querySelector("[data-status]");
let timer = 0;
let request = null;
let hasMoved = false; // in the list, since the last letter: what comes then does not move the selection
let isStale = false; // the list answers to an earlier text than the field has

const options = () => [...results.querySelectorAll("[role=option]")];
const selected = () => results.querySelector('[aria-selected="true"]');

const ACTIONS = {
  help: { run: () => byId("help").showModal(), isThere: () => byId("help") },
  pause: { run: () => byId("pause").click(), isThere: () => byId("pause") },
  "theme-light": theme("light"),
  "theme-dark": theme("dark"),
  "theme-auto": theme("auto"),
};

function theme(name) {
  const choice = () => document.querySelector(`[name="theme"][value="${name}"]`);
  return { run: () => choice().click(), isThere: choice };
}

export function openPalette() {
  if (!palette || palette.open) return;
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  field.value = "";
  hasMoved = false;
  palette.showModal();
  field.focus();
  ask();
}

const recent = () => {
  try {
    const keys = JSON.parse(memory.get(LATELY));
    return Array.isArray(keys) ? keys : [];
  } catch {
    return [];
  }
};

function remember(key) {
  memory.set(LATELY, JSON.stringify([key, ...recent().filter((each) => each !== key)].slice(0, MOST_RECENT)));
}

/** Whether the answer is shown: it is not if another text was asked for meanwhile. */
async function ask() {
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  const text = field.value.trim();
  const query = new URLSearchParams(text ? { q: text } : recent().map((key) => ["recent", key]));
  const html = await read(`${palette.dataset.address}?${query}`, signal).catch(() => "");
  if (signal.aborted) return false;
  if (html) show(html);
  else status.textContent = tell("Cannot search right now. Try again in a moment.");
  isStale = field.value.trim() !== text;
  return true;
}

async function read(address, signal) {
  const answer = await fetch(address, { headers: { "X-Drawer": "1" }, signal });
  if (answer.redirected) signIn();
  return answer.ok && !answer.redirected ? answer.text() : "";
}

function show(html) {
  const kept = hasMoved && selected()?.textContent;
  const list = new DOMParser().parseFromString(html, "text/html").getElementById("palette-list");
  hideUnavailable(list);
  results.replaceChildren(list);
  results.scrollTo(0, 0);
  const found = options();
  field.setAttribute("aria-expanded", String(found.length > 0));
  select(found.find(({ textContent }) => textContent === kept) ?? found[0]);
  status.textContent = plural(found.length, "result");
}

function tell(words) {
  results.replaceChildren(Object.assign(document.createElement("p"), { className: "muted", textContent: words }));
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
  return words;
}

/** Not every page has a stream to pause or keys to list. */
function hideUnavailable(list) {
  for (const button of list.querySelectorAll("[data-action]")) if (!ACTIONS[button.dataset.action]?.isThere()) button.parentElement.remove();
}

function select(option) {
  selected()?.setAttribute("aria-selected", "false");
  if (!option) return field.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const found = options();
  hasMoved = true;
  if (found.length) select(found[(found.indexOf(selected()) + step + found.length) % found.length]);
}

function press(event) {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter") {
    event.preventDefault();
    enter(event);
  }
}

/** Who types fast and presses Enter means what was typed, not what is still listed. */
async function enter({ metaKey, ctrlKey }) {
  if (isStale) {
    clearTimeout(timer);
    if (!(await ask())) return;
  }
  selected()?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, metaKey, ctrlKey }));
}

/** Before the page or the drawer follows the link: the palette closes first, and the focus returns to where it was. */
function choose(event) {
  const item = event.target.closest(".found-item");
  if (!item || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (palette.contains(item)) palette.close();
  if (item.dataset.recent) remember(item.dataset.recent);
  ACTIONS[item.dataset.action]?.run();
}

function pressAnywhere(event) {
  if (event.key.toLowerCase() !== "k" || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  if (palette.open) palette.close();
  else openPalette();
}

if (palette) {
  document.addEventListener("keydown", pressAnywhere);
  document.addEventListener("click", choose, true);
  for (const opener of document.querySelectorAll("[data-palette]"))
    opener.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      openPalette();
    });
  for (const key of document.querySelectorAll("[data-palette-key]")) key.textContent = IS_APPLE ? "⌘K" : "Ctrl K";
  field.addEventListener("input", () => {
    isStale = true;
    hasMoved = false;
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  field.addEventListener("keydown", press);
  palette.querySelector("[data-palette-close]").addEventListener("click", () => palette.close());
  palette.addEventListener("click", (event) => event.target === palette && palette.close());
  results.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== selected()) select(option);
  });
  for (const list of document.querySelectorAll("main .found-list")) hideUnavailable(list);
}

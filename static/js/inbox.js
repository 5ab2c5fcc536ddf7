// A list of blockers as an inbox: rows are selected, and acted on one by one or together.
import { act, blockersOf, mayAct, take } from "./acting.js";
import { byId, fetchElement, plural } from "./dom.js";
import { ZONE } from "./times.js";

const EDGE = 8; // pixels that a menu keeps from the window's edge

const bar = byId("picked");
const snoozeMenu = byId("snooze-menu");
const assignMenu = byId("assign-menu");
const dialog = byId("reply-all");
const picked = new Set(); // ids of blockers

let opener = null; // of the menu that is open
let target = []; // the blockers that it acts on
let leaving = null; // the row that is about to be snoozed, and its number in the list

export const needs = () => [...document.querySelectorAll("main [data-need]")];
export const focusedNeed = () => document.activeElement.closest("main [data-need]");
export const linkOf = (need) => need.querySelector("a.need-open");

/** The row of a blocker, also where it is one of several with the same cause. */
export const needOf = (id) => needs().find((need) => blockersOf(need).includes(id));

export function togglePick(need) {
  const box = need?.querySelector("[data-pick]");
  if (box && mayAct()) box.click();
}

export function snooze(need) {
  if (need && mayAct()) openMenu(snoozeMenu, need.querySelector("[data-snooze]"), blockersOf(need));
}

function pick({ target: box }) {
  if (!box.matches?.("[data-pick]")) return;
  for (const id of blockersOf(box.closest("[data-need]"))) box.checked ? picked.add(id) : picked.delete(id);
  showPicked();
}

/** What is no longer there is selected no longer. */
function showPicked() {
  const present = new Set(needs().flatMap(blockersOf));
  for (const id of picked) if (!present.has(id)) picked.delete(id);
  for (const need of needs()) {
    const isPicked = picked.has(need.dataset.need);
    need.querySelector("[data-pick]").checked = isPicked;
    need.classList.toggle("is-picked", isPicked);
  }
  bar.hidden = picked.size === 0;
  document.body.classList.toggle("has-picked", picked.size > 0);
  bar.querySelector("[data-words]").textContent = `${picked.size} selected`;
}

function clear() {
  const first = needs().find((need) => picked.has(need.dataset.need));
  const hadFocus = bar.contains(document.activeElement) || document.activeElement === document.body;
  picked.clear();
  showPicked();
  if (hadFocus) (first ? linkOf(first) : byId("content")).focus({ preventScroll: true });
}

const doMany = {
  clear,
  reply: () => {
    byId("reply-all-title").textContent = `Reply to ${plural(picked.size, "blocker")}`;
    dialog.querySelector(".form-error").hidden = true;
    dialog.showModal();
    dialog.querySelector("textarea").focus();
  },
  take: async () => (await act({ act: "assign", blockers: [...picked].join(" "), assignee: document.body.dataset.user })) && clear(),
  assign: async (button) => {
    const found = await fetchElement(`/blocked/several/?blockers=${[...picked].join("+")}`).catch(() => null);
    assignMenu.replaceChildren(found ?? "This cannot be loaded right now. Try again in a moment.");
    openMenu(assignMenu, button, [...picked]);
  },
  snooze: (button) => openMenu(snoozeMenu, button, [...picked]),
};

function openMenu(menu, button, blockers) {
  opener = button;
  target = blockers;
  menu.showPopover();
  const { top, bottom, right } = button.getBoundingClientRect();
  const fits = bottom + menu.offsetHeight + EDGE < innerHeight;
  menu.style.top = `${Math.max(EDGE, fits ? bottom : top - menu.offsetHeight)}px`;
  menu.style.left = `${Math.max(EDGE, Math.min(right, innerWidth - EDGE) - menu.offsetWidth)}px`;
  menu.querySelector("button:not([hidden]), input")?.focus({ preventScroll: true });
}

/** The row keeps the focus where it stays, else the next one gets it (see `keepFocus`). */
function closeMenu(menu) {
  menu.hidePopover();
  const need = opener?.closest("[data-need]");
  (need ? linkOf(needOf(need.dataset.need) ?? need) : opener)?.focus({ preventScroll: true });
}

async function choose(menu, fields) {
  const blockers = target;
  const need = opener?.closest("[data-need]");
  if (need && fields.for) leaving = { id: need.dataset.need, number: needs().indexOf(need) };
  closeMenu(menu);
  const isDone = await act({ ...fields, blockers: blockers.join(" ") });
  if (isDone && blockers.some((id) => picked.has(id))) clear();
}

/** The arrows go from choice to choice, as in any menu. */
function moveInMenu(event) {
  const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  if (!step || event.target.matches("input")) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.querySelectorAll("button:not([hidden])")];
  buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length)?.focus();
}

async function replyToAll(event) {
  event.preventDefault();
  const field = dialog.querySelector("textarea");
  const [blockers, answer] = [[...picked], field.value];
  const undone = () => {
    for (const id of blockers) picked.add(id);
    showPicked();
    field.value = answer;
    doMany.reply();
  };
  if (!(await act({ act: "answer", blockers: blockers.join(" "), answer }, undone))) return;
  field.value = "";
  dialog.close();
  clear();
}

let place = null; // of the row that last had the focus: its blocker, and its number in the list

function notePlace() {
  const need = focusedNeed();
  if (need) place = { number: needs().indexOf(need) };
}

/** A row that has gone gives its focus to the one in its place. */
function keepFocus({ target: region }) {
  if (bar) showPicked();
  showMine();
  if (leaving && !needOf(leaving.id)?.matches(":not(.snoozed *)")) return focusInPlaceOf();
  if (!place || !region.querySelector("[data-need]") || ![region, document.body].includes(document.activeElement)) return;
  focusPlace();
}

/** A row that was snoozed leaves its focus to the next one, and does not take it along. */
function focusInPlaceOf() {
  const { id, number } = leaving;
  leaving = null;
  const focused = focusedNeed();
  if (focused && !blockersOf(focused).includes(id)) return;
  place = { number };
  focusPlace();
}

function focusPlace() {
  const need = needs().at(Math.min(place.number, needs().length - 1));
  if (need) linkOf(need).focus({ preventScroll: true });
}

/** Regions are the same for everybody: what is one's own is marked here. */
function showMine() {
  const { user } = document.body.dataset;
  for (const link of document.querySelectorAll("[data-mine]")) link.hidden = link.dataset.mine !== user;
  for (const name of document.querySelectorAll(`[data-person="${CSS.escape(user)}"] [data-name]`)) name.textContent = "me";
  for (const need of needs()) {
    const button = need.querySelector("[data-take]");
    if (button) button.textContent = need.dataset.assignee === user ? "Release" : "Take";
  }
}

function press(event) {
  const button = event.target.closest("[data-take], [data-snooze], [data-many]");
  if (!button) return;
  const need = button.closest("[data-need]");
  if ("take" in button.dataset) take(need);
  else if ("snooze" in button.dataset) openMenu(snoozeMenu, button, blockersOf(need));
  else doMany[button.dataset.many](button);
}

if (document.querySelector("#needs, #open")) {
  showMine();
  document.addEventListener("focusin", notePlace);
  document.addEventListener("region:replaced", keepFocus);
}
if (bar) {
  document.addEventListener("change", pick);
  document.addEventListener("click", press);
  for (const menu of [snoozeMenu, assignMenu]) {
    menu.addEventListener("toggle", ({ newState }) => newState === "closed" && document.activeElement === document.body && closeMenu(menu));
  }
  snoozeMenu.addEventListener("toggle", ({ newState }) => {
    const isAsleep = opener?.closest(".snoozed") !== null;
    if (newState === "open") snoozeMenu.querySelector('[data-for=""]').hidden = !isAsleep;
  });
  snoozeMenu.addEventListener("click", ({ target: { dataset } }) => "for" in dataset && choose(snoozeMenu, { act: "snooze", for: dataset.for, zone: ZONE }));
  assignMenu.addEventListener("click", ({ target: at }) => {
    const button = at.closest("[data-assign]");
    if (button) choose(assignMenu, { act: "assign", assignee: button.dataset.assign });
  });
  assignMenu.addEventListener("submit", (event) => {
    event.preventDefault();
    choose(assignMenu, { act: "assign", assignee: event.target.elements.assignee.value });
  });
  for (const menu of [snoozeMenu, assignMenu]) menu.addEventListener("keydown", moveInMenu);
  dialog.querySelector("form.reply").addEventListener("submit", replyToAll);
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && picked.size && !document.querySelector("dialog[open], :popover-open")) clear();
  });
}

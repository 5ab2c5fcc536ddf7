// Toasts: a few lines at the edge of the page that leave by themselves, but not before they could be seen.
import { byId } from "./dom.js";

const SHOWN_MS = 15_000;
const MOST = 4; // at once

const toasts = byId("toasts");
const home = toasts?.parentElement;

/** `blocker` is the one that its link opens beside the page. What strangers wrote stays text. */
export function showToast({ heading, text, href, blocker }) {
  const toast = byId("toast").content.firstElementChild.cloneNode(true);
  const link = toast.querySelector("a");
  link.textContent = heading;
  link.href = href;
  if (blocker) link.dataset.opens = blocker;
  link.addEventListener("click", () => toast.remove());
  toast.querySelector(".toast-text").textContent = text;
  toast.querySelector("button").addEventListener("click", () => toast.remove());
  bringToFront();
  toasts.append(toast);
  while (toasts.children.length > MOST) toasts.firstElementChild.remove();
  leaveLater(toast);
}

/** What somebody did, with its undo; or why it was not possible. */
export function showNotice(text, undo) {
  const notice = byId("notice").content.firstElementChild.cloneNode(true);
  notice.querySelector(".toast-text").textContent = text;
  const [button, close] = notice.querySelectorAll("button");
  button.hidden = !undo;
  button.addEventListener("click", () => {
    notice.remove();
    undo();
  });
  close.addEventListener("click", () => notice.remove());
  for (const other of toasts.querySelectorAll(".notice")) other.remove();
  bringToFront();
  toasts.append(notice);
  leaveLater(notice);
}

/** Beside an open dialog nothing can be reached or is read out, so they are shown in it. */
function bringToFront() {
  const dialog = document.querySelector("dialog:modal");
  if (!dialog || dialog.contains(toasts)) return;
  dialog.append(toasts);
  dialog.addEventListener("close", () => home.append(toasts), { once: true });
}

/** It stays for as long as somebody points at it, is on it, or does not see the page. */
function leaveLater(toast) {
  const isKept = () => document.hidden || toast.matches(":hover, :focus-within");
  setTimeout(() => (isKept() ? leaveLater(toast) : toast.remove()), SHOWN_MS);
}

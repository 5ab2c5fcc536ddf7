// Load the page anew: something was redacted, and any part of the page may show it, also the title, what is opened beside
// it, and what is held back. What somebody has typed is kept until the same field is there again.
import { byId, memory } from "./dom.js";
import { closeAll } from "./notifying.js";

const TYPED = "typed";
const FIELDS = "textarea, input:not([type=hidden], [type=password], [type=checkbox], [type=radio], [type=file])";

let isReloading = false;
let typed = recall(); // [form, field, text], of the page before this one

export function reload() {
  if (isReloading) return;
  isReloading = true;
  closeAll();
  const edited = [...document.querySelectorAll(FIELDS)].filter((field) => field.name && field.value !== field.defaultValue);
  memory.set(TYPED, JSON.stringify([...typed, ...edited.map((field) => [formOf(field), field.name, field.value])]), "sessionStorage");
  location.reload();
}

function recall() {
  const kept = memory.get(TYPED, "sessionStorage");
  memory.set(TYPED, "[]", "sessionStorage");
  return JSON.parse(kept ?? "[]");
}

const formOf = (field) => field.form?.getAttribute("action") ?? "";

/** What is opened beside the page comes a moment after the page itself. */
function restore() {
  typed = typed.filter(([form, name, text]) => {
    const field = [...document.querySelectorAll(FIELDS)].find((found) => found.name === name && formOf(found) === form);
    if (!field) return true;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return false;
  });
}

restore();
byId("drawer")?.addEventListener("drawer:filled", restore);

// Filters apply as they are chosen, menus close as menus do, and the theme is remembered.
import { memory } from "./dom.js";

document.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-submit-on-change]");
  if (form && !target.matches('[type="search"]')) form.requestSubmit();
});

/** An address without empty parameters can be read, and sent. */
document.addEventListener("submit", ({ target }) => {
  if (target.method !== "get") return;
  for (const field of target.elements) if (field.name && !field.value) field.disabled = true;
});
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll('form[method="get"] :disabled')) field.disabled = false;
});

const menus = () => document.querySelectorAll("details:is(.menu, .revoke)[open]");

document.addEventListener("click", ({ target }) => {
  for (const menu of menus()) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

for (const choice of document.querySelectorAll('[name="theme"]')) {
  choice.checked = choice.value === (document.documentElement.dataset.theme ?? "auto");
  choice.addEventListener("change", () => {
    memory.set("theme", choice.value);
    if (choice.value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice.value;
  });
}

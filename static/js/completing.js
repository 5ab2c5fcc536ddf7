// The query field of History: what the word at the end of what is typed could become, to choose from by keyboard or click.

const WAIT_MS = 150;
const input = document.querySelector("[data-complete]");
const list = document.getElementById("completions");
let timer = 0;
let asked = 0;
let active = -1;

if (input && list) {
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(name, value);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
}

/** Where the last word begins: behind the last space that stands in no quotation marks. */
function beginning() {
  const text = input.value;
  let quoted = false;
  let start = 0;
  for (let n = 0; n < text.length; n += 1) {
    if (text[n] === '"' && text[n - 1] !== "\\") quoted = !quoted;
    if (text[n] === " " && !quoted) start = n + 1;
  }
  return start;
}

async function ask() {
  const mine = (asked += 1);
  const word = input.value.slice(beginning());
  if (!word || input.selectionStart !== input.value.length) return close();
  const answer = await fetch(`${input.dataset.complete}?word=${encodeURIComponent(word)}`).catch(() => null);
  if (mine !== asked || !answer?.ok || answer.redirected || document.activeElement !== input) return;
  show((await answer.json()).words.filter((each) => each !== word));
}

function show(words) {
  list.replaceChildren(...words.map((word, n) => {
    const option = document.createElement("li");
    option.id = `completion-${n}`;
    option.textContent = word;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    return option;
  }));
  active = -1;
  list.hidden = !words.length;
  input.setAttribute("aria-expanded", String(!list.hidden));
  input.removeAttribute("aria-activedescendant");
}

function close() {
  clearTimeout(timer);
  asked += 1;
  show([]);
}

function onKey(event) {
  if (list.hidden) return;
  const options = [...list.children];
  if (event.key === "Escape") {
    event.preventDefault();
    close();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    active = (active + (event.key === "ArrowDown" ? 1 : options.length - (active < 0 ? 0 : 1))) % options.length;
    for (const [n, option] of options.entries()) option.setAttribute("aria-selected", String(n === active));
    input.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  } else if ((event.key === "Enter" || event.key === "Tab") && active >= 0) {
    event.preventDefault();
    take(options[active]);
  }
}

/** A field's name is gone on with; behind a value the next word may begin. */
function take(option) {
  const word = option.textContent;
  input.value = input.value.slice(0, beginning()) + word + (word.endsWith(":") ? "" : " ");
  close();
  if (word.endsWith(":")) ask();
}

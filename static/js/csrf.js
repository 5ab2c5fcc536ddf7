// A form carries the token that this browser had when the page was made. Each sign-in, in any tab, gives the browser
// another one, and a form with the old one is refused. So a form is given the present token before it is sent. But first
// the page asks who is signed in by now: what was typed as one person is never sent as another.
import { signedInAgain } from "./dom.js";

const NAME = "csrfmiddlewaretoken";
const SIGNED_OUT = "You are signed out. Your text is still here. Sign in on another tab, then send it again.";

const present = () => document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1];
let known = present();

document.addEventListener("submit", renewFirst, { capture: true });
addEventListener("pageshow", fill); // a browser that reloads a page may put the old token back into its forms

function renewFirst(event) {
  if (!event.target.elements[NAME] || !present() || present() === known) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  renewAndSend(event.target, event.submitter);
}

async function renewAndSend(form, submitter) {
  form.querySelector(":scope > .form-error[data-csrf]")?.remove();
  const problem = await renew();
  if (!problem) return form.requestSubmit(submitter);
  const line = Object.assign(document.createElement("p"), { className: "form-error", role: "alert", textContent: problem });
  line.dataset.csrf = "";
  form.prepend(line);
}

/** Gives every form of this page the present token. Returns why that is not possible, if so. */
export async function renew() {
  const token = present();
  if (!token || token === known) return "";
  const now = await whoIsSignedIn();
  if (!now) return SIGNED_OUT;
  const then = document.body.dataset.user;
  if (now !== then) return `You are now signed in as ${now}, but ${then} opened this page. Nothing was sent. Copy your text and reload the page.`;
  known = token;
  fill();
  signedInAgain();
  return "";
}

function fill() {
  for (const field of document.querySelectorAll(`input[name="${NAME}"]`)) if (known) field.value = known;
}

/** Nobody where it cannot be asked. */
async function whoIsSignedIn() {
  const answer = await fetch("/").catch(() => null);
  if (!answer?.ok) return "";
  return new DOMParser().parseFromString(await answer.text(), "text/html").body.dataset.user ?? "";
}

// A frame from the server: regions, rows and the beat, in one message. htmx keeps the line; the message is taken apart
// here, since htmx would copy every part before it hands it over.
import { byId } from "./dom.js";
import { offer } from "./regions.js";
import { receive } from "./stream.js";

document.addEventListener("htmx:wsBeforeMessage", (event) => {
  event.preventDefault();
  const { content } = Object.assign(document.createElement("template"), { innerHTML: event.detail.message });
  for (const part of [...content.children]) take(part);
});

/** The beat comes last. */
function take(part) {
  if (part.hasAttribute("hx-swap-oob")) receive([...part.children]);
  else if (part.id !== "beat") offer(part.id, part);
  else {
    byId("beat").replaceWith(part);
    document.dispatchEvent(new CustomEvent("page:frame"));
  }
}

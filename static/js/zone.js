// The time zone of the viewer, for what the server works out in it: days such as since:today, dates, and exports.
import { byId } from "./dom.js";
import { ZONE } from "./times.js";

const DAY = /(?:^|\s)(?:since|until):(?:today|yesterday|(?:mon|tues|wednes|thurs|fri|satur|sun)day)(?=\s|$)/;

for (const link of document.querySelectorAll("a[data-zone-link]")) {
  const address = new URL(link.href);
  address.searchParams.set("zone", ZONE);
  link.href = address;
}

/** The time of a date field, on the clocks of the viewer. The end of a day is midnight after it. */
function fill(field) {
  const time = field.form.elements[`${field.name}_time`];
  const moment = new Date(field.dataset.moment);
  const isMidnight = moment.getHours() === 0 && moment.getMinutes() === 0;
  if (isMidnight && "end" in field.dataset) moment.setDate(moment.getDate() - 1);
  const two = (number) => String(number).padStart(2, "0");
  field.value = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  time.value = isMidnight ? "" : `${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

for (const field of document.querySelectorAll("input[data-moment]")) if (field.dataset.moment) fill(field);

document.addEventListener("submit", ({ target }) => {
  const field = target.querySelector("[data-zone-field]");
  if (field) field.value = field.dataset.zoneField !== "days" || DAY.test(byId("q").value) ? ZONE : "";
}, { capture: true });

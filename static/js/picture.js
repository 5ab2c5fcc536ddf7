// The dependency graph: zoom by buttons, ctrl + wheel and pinch; a fade at each edge where it goes on.

const STEPS = [0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2];
const ROOM = 4; // pixels by which the edge of the frame may be missed
const WHEEL = 0.002; // zoom per pixel of the wheel

const frame = document.querySelector("[data-picture]");
const controls = document.querySelector("[data-zoom]");
const fingers = new Map(); // id → pointer event
let scale = 1;

const picture = () => frame.querySelector("svg.picture");
const naturalSize = () => picture().viewBox.baseVal;

/** Zoom about a point of the frame, which stays where it is. */
function zoom(wanted, x = frame.clientWidth / 2, y = frame.clientHeight / 2) {
  const before = scale;
  scale = Math.min(Math.max(wanted, STEPS[0]), STEPS.at(-1));
  const [left, top] = [(frame.scrollLeft + x) / before, (frame.scrollTop + y) / before];
  apply();
  frame.scrollTo(left * scale - x, top * scale - y);
}

function apply() {
  controls.hidden = !picture();
  if (!picture()) return;
  const { width, height } = naturalSize();
  picture().setAttribute("width", width * scale);
  picture().setAttribute("height", height * scale);
  controls.querySelector("output").textContent = `${Math.round(scale * 100)}%`;
  fade();
}

function fade() {
  const { scrollLeft, scrollTop, scrollWidth, scrollHeight, clientWidth, clientHeight } = frame;
  const more = {
    left: scrollLeft > ROOM,
    right: scrollLeft + clientWidth < scrollWidth - ROOM,
    top: scrollTop > ROOM,
    bottom: scrollTop + clientHeight < scrollHeight - ROOM,
  };
  frame.dataset.more = Object.keys(more).filter((edge) => more[edge]).join(" ");
}

function step(by) {
  const next = by > 0 ? STEPS.find((each) => each > scale + 0.01) : STEPS.findLast((each) => each < scale - 0.01);
  if (next) zoom(next);
}

function fit() {
  const { width, height } = naturalSize();
  zoom(Math.min(1, (frame.clientWidth - ROOM) / width, window.innerHeight * 0.75 / height));
}

function turn(event) {
  if (!event.ctrlKey) return;
  event.preventDefault();
  const { left, top } = frame.getBoundingClientRect();
  zoom(scale * Math.exp(-event.deltaY * WHEEL), event.clientX - left, event.clientY - top);
}

const distance = () => {
  const [one, other] = [...fingers.values()];
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
};

function pinch(event) {
  if (!fingers.has(event.pointerId)) return;
  const before = fingers.size === 2 ? distance() : 0;
  fingers.set(event.pointerId, event);
  if (fingers.size === 2 && before) zoom((scale * distance()) / before);
}

if (frame && controls) {
  controls.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button?.dataset.zoomBy) step(Number(button.dataset.zoomBy));
    else if (button) fit();
  });
  frame.addEventListener("wheel", turn, { passive: false });
  frame.addEventListener("pointerdown", (event) => event.pointerType === "touch" && fingers.set(event.pointerId, event));
  frame.addEventListener("pointermove", pinch);
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, ({ pointerId }) => fingers.delete(pointerId));
  frame.addEventListener("scroll", fade, { passive: true });
  frame.addEventListener("region:replaced", apply);
  new ResizeObserver(fade).observe(frame);
  apply();
}

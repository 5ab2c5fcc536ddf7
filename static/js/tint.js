// What is new is tinted once, unless much is new: to fade things in again and again takes half of a browser's time.

const MOST = 10; // elements within the time of one tint
const TINT_MS = 2_400; // as long as it takes in stream.css

let recent = 0;

export function tint(elements) {
  const count = elements.length;
  recent += count;
  setTimeout(() => (recent -= count), TINT_MS);
  if (recent <= MOST) for (const element of elements) element.classList.add("fresh");
}

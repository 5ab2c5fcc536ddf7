// Loaded before anything is painted, so that the page never shows itself in the wrong theme first.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden in this browser: the theme of the system it is.
}

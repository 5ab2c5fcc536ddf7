// A button that goes back one page. Without scripts it is not shown, and the browser's own does the same.
for (const button of document.querySelectorAll("[data-back]")) {
  button.hidden = false;
  button.addEventListener("click", () => history.back());
}

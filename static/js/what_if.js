// A slider and the number beside it say the same. Without this the number alone is there.
"use strict";
const pair = () => {
  for (const range of document.querySelectorAll("input[type=range][data-for][hidden]")) {
    const number = document.getElementById(range.dataset.for);
    range.hidden = false;
    range.addEventListener("input", () => { number.value = range.value; });
    number.addEventListener("input", () => { range.value = number.value; });
  }
};
pair();
// the sliders come anew when the record changed
document.body.addEventListener("htmx:afterSettle", pair);
// An answer that belongs to other values than those on the page must never look like theirs.
const answer = document.getElementById("answer");
const said = document.getElementById("said");
if (answer && said) {
  const failed = () => {
    said.textContent = "This change could not be computed. The numbers were taken away; try again or reload the page.";
    said.classList.remove("hidden-visually");
    answer.replaceChildren();
    answer.removeAttribute("aria-busy");
  };
  document.body.addEventListener("htmx:beforeRequest", () => answer.setAttribute("aria-busy", "true"));
  document.body.addEventListener("htmx:afterSettle", () => answer.removeAttribute("aria-busy"));
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout", "htmx:swapError"]) {
    document.body.addEventListener(name, failed);
  }
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    if (new URL(xhr.responseURL).pathname !== pathInfo.requestPath) {
      // signed out meanwhile: the page of the sign-in is no answer
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });
}

// Single keys, acknowledgements in place, and the announcement of new results. The page works without.
"use strict";
const said = document.getElementById("said");
const news = document.getElementById("news");
const say = (text) => { said.textContent = ""; said.textContent = text; };
const rows = () => [...document.querySelectorAll("#worklist tbody tr")];
const current = () => document.activeElement.closest("#worklist tbody tr");

// an answer about another patient than the row it would replace is never put there
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target, pathInfo } = event.detail;
  if (new URL(xhr.responseURL).pathname !== pathInfo.requestPath.split("?")[0]) {
    // signed out meanwhile
    event.detail.shouldSwap = false;
    window.location.reload();
    return;
  }
  const patient = target.dataset.patient;
  if (patient && event.detail.shouldSwap && !xhr.responseText.includes(`data-patient="${patient}"`)) {
    event.detail.shouldSwap = false;
    say("The answer was about another patient and was not shown. Reload the page.");
  }
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  const patient = event.detail.target.dataset?.patient;
  const row = patient && document.getElementById(`p-${patient}`);
  if (row) (row.querySelector("[data-focus]") ?? row.querySelector("a.who")).focus();
});
document.body.addEventListener("worklist:said", (event) => {
  const name = event.target.closest?.("tr")?.querySelector(".who")?.textContent ?? "";
  say(name ? `${name}: ${event.detail.value}` : event.detail.value);
});
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout", "htmx:swapError"]) {
  document.body.addEventListener(name, (event) => {
    if (event.detail.elt === news) return;
    said.classList.remove("hidden-visually");
    said.classList.add("notice", "notice--warn");
    say("This could not be stored. Reload the page and try again.");
  });
}

// nobody reads a hidden tab; and what was announced is not announced again
let tag = '"0"';
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt === news && document.hidden) event.preventDefault();
});
document.body.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt === news) event.detail.headers["If-None-Match"] = tag;
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt === news) tag = event.detail.xhr.getResponseHeader("ETag") ?? tag;
});

// single keys (WCAG 2.1.4: not in a field, and they can be switched off)
const SWITCH = "twinportal.keys";
const box = document.getElementById("keys-on");
if (box) {
  box.closest("[hidden]").hidden = false;
  box.checked = localStorage.getItem(SWITCH) !== "off";
  box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "on" : "off"));
}
const step = (by) => {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
  next?.querySelector("a.who").focus();
};
const keys = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => document.getElementById("q").focus(),
  a: () => {
    const place = current()?.querySelector(".ack");
    if (!place) return;
    if (place.tagName === "DETAILS") place.open = true;
    place.querySelector("select, button").focus();
  },
  "?": () => {
    const help = document.getElementById("keys");
    help.open = true;
    help.querySelector("summary").focus();
  },
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (!box?.checked || typing || event.ctrlKey || event.altKey || event.metaKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

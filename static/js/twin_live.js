// Says when there is something new about this patient, and shows it when asked to. Nothing moves
// under the reader's hands, and nothing of another patient is ever put into the page.
"use strict";
const live = document.getElementById("live");
if (live && Number(live.dataset.every) > 0) {
  const mine = live.dataset.patient;
  const said = document.getElementById("live-said");
  const button = document.getElementById("live-show");
  const every = 1000 * Number(live.dataset.every);
  let version = live.dataset.version;
  let stopped = false;
  let failures = 0;
  let asking = null;
  let isAsking = false;
  let isShowing = false;
  let shown = 0;

  const say = (text, kind) => {
    said.textContent = text;
    live.classList.toggle("live--news", Boolean(text));
    live.classList.toggle("live--trouble", kind === "trouble");
  };
  const stop = (text) => {
    stopped = true;
    button.hidden = true;
    if (asking) asking.abort();
    say(`${text} Reload the page.`, "trouble");
  };
  // an answer that was sent elsewhere, as to the sign-in, is no answer to what was asked
  const get = async (url, accept) => {
    asking = new AbortController();
    const timer = setTimeout(() => asking.abort(), 20_000);
    try {
      return await fetch(url, { headers: { Accept: accept }, redirect: "manual", signal: asking.signal, cache: "no-store" });
    } finally {
      clearTimeout(timer);
    }
  };

  const ask = async () => {
    if (stopped || isAsking || isShowing || document.hidden) return;
    const before = shown;
    let answer;
    isAsking = true;
    try {
      answer = await get(`${live.dataset.ask}?v=${encodeURIComponent(version)}`, "application/json");
    } catch {
      failures += 1;
      if (failures === 3) say("It is not known whether there is anything new: the server does not answer.", "trouble");
      return;
    } finally {
      isAsking = false;
    }
    if (failures >= 3 && button.hidden) say("");
    failures = 0;
    // what was asked before the page was renewed is about the page that was
    if (answer.status === 204 || stopped || before !== shown) return;
    if (answer.status !== 200) {
      stop("This page is no longer kept up to date: you may have been signed out, or the record is no longer open to you.");
      return;
    }
    const told = await answer.json();
    if (told.patient !== mine) {
      stop("An answer about another record was refused.");
      return;
    }
    version = told.version;
    document.body.classList.add("older");
    button.hidden = false;
    button.textContent = told.waiting ? "Show what there is now" : "New results: show";
    say(told.waiting
      ? "New data have arrived for this patient and are being calculated. What is below is from before."
      : "There are new results for this patient. What is below is from before.");
  };

  // whose every piece of a page is; an empty list is nobody's
  const owners = (from) => [...from.querySelectorAll("[data-part]")].map((part) => part.dataset.part);
  const isBeingFilled = (part) => {
    if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
    return [...part.querySelectorAll("input, textarea, select")].some((field) =>
      field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
        : field.tagName === "SELECT" ? [...field.options].some((option) => option.selected !== option.defaultSelected)
          : field.type !== "hidden" && field.value !== field.defaultValue);
  };
  // several predictions have details of one name: of which outcome, which name, and the how many-th
  const named = (part) => {
    const seen = new Map();
    return [...part.querySelectorAll("details")].map((details) => {
      const of = details.closest("[data-outcome]")?.dataset.outcome ?? "";
      const name = `${of} ${details.id || details.querySelector("summary").textContent.trim()}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);
      return [`${name} ${seen.get(name)}`, details];
    });
  };
  // what had the focus, said so that it can be found in what comes in its place
  const mark = (part) => {
    const focused = document.activeElement;
    if (!part.contains(focused)) return null;
    const alike = (element) => element.tagName === focused.tagName
      && element.getAttribute("href") === focused.getAttribute("href")
      && element.textContent.trim() === focused.textContent.trim();
    return { id: focused.id, alike };
  };
  const replace = (part, fresh) => {
    const focus = mark(part);
    const open = new Map(named(part).map(([name, details]) => [name, details.open]));
    part.replaceWith(fresh);
    for (const [name, details] of named(fresh)) {
      if (open.has(name)) details.open = open.get(name);
    }
    if (!focus) return;
    const found = (focus.id && document.getElementById(focus.id)) || [...fresh.querySelectorAll("a, button, summary")].find(focus.alike);
    if (found) {
      found.focus({ preventScroll: true });
    } else {
      fresh.tabIndex = -1;
      fresh.focus({ preventScroll: true });
    }
  };

  const show = async () => {
    if (isShowing || stopped) return;
    isShowing = true;
    button.setAttribute("aria-disabled", "true");
    try {
      const answer = await get(location.pathname + location.search, "text/html");
      if (answer.status !== 200) {
        stop("The new results could not be read.");
        return;
      }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const theirs = fresh.getElementById("live");
      const all = [theirs?.dataset.patient, ...owners(fresh)];
      if (!theirs || all.some((owner) => owner !== mine) || owners(document).some((owner) => owner !== mine)) {
        stop("An answer about another record was refused.");
        return;
      }
      const left = [];
      for (const part of document.querySelectorAll("[data-part]")) {
        const next = fresh.getElementById(part.id);
        if (isBeingFilled(part)) left.push(part);
        else if (next) replace(part, document.adoptNode(next));
      }
      version = theirs.dataset.version;
      shown += 1;
      document.body.classList.remove("older");
      const hadFocus = document.activeElement === button;
      button.hidden = true;
      if (hadFocus) document.getElementById("tab").focus({ preventScroll: true });
      say(left.length
        ? "The new results are shown, apart from what you are filling in: that part is from before."
        : "The new results are shown.");
      for (const part of left) part.classList.add("left-as-it-was");
    } catch {
      say("The new results could not be read: the server does not answer. What is below is from before.", "trouble");
    } finally {
      isShowing = false;
      button.removeAttribute("aria-disabled");
    }
  };
  button.addEventListener("click", show);
  setInterval(ask, every);
  document.addEventListener("visibilitychange", ask);
}

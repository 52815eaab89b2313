// The twin's parts keep their place: scroll and what was opened, for as long as the browser tab is
// open. Ids alone are kept. Without this every link still leads where it says.
"use strict";
const parts = document.querySelector("nav[data-twin]");
const banner = document.getElementById("banner");
if (banner) {
  const below = () => {
    const sticky = getComputedStyle(banner).position === "sticky";
    document.documentElement.style.scrollPaddingTop = sticky ? `${banner.offsetHeight + 8}px` : "0px";
  };
  below();
  addEventListener("resize", below);
}
if (parts) {
  const here = parts.querySelector("[aria-current]");
  const twin = parts.dataset.twin;
  const place = `twin-place:${here.pathname}`;
  const read = (key) => { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } };
  const write = (key, value) => { try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* no store: nothing is kept */ } };
  const name = (details, at) => details.id || `${at}`;

  // what stood on the one page before it had parts
  const wanted = location.hash.slice(1);
  if (wanted && here.dataset.tab === "overview") {
    const of = [...parts.querySelectorAll("[data-anchors]")].find((link) => link.dataset.anchors.split(" ").includes(wanted));
    if (of) location.replace(`${of.href}#${wanted}`);
  }

  const last = read("twin-last");
  const resume = document.getElementById("resume");
  if (resume && last && last.twin !== twin) {
    const same = parts.querySelector(`[data-tab="${CSS.escape(last.tab)}"]`);
    if (same && same !== here) {
      resume.querySelector("span").textContent = same.textContent;
      resume.querySelector("a").href = same.href;
      resume.hidden = false;
    }
  }
  write("twin-last", { twin, tab: here.dataset.tab });

  // from the twin's own pages one comes back to where one was; from elsewhere one starts at the top
  const how = performance.getEntriesByType("navigation")[0]?.type;
  const isBack = how === "back_forward" || how === "reload" || document.referrer.includes(`/twins/${twin}/`);
  const kept = read(place);
  if (kept && isBack && !wanted) {
    for (const [at, details] of document.querySelectorAll("main details").entries()) {
      if (name(details, at) in kept.open) details.open = kept.open[name(details, at)];
    }
    scrollTo(0, kept.y);
  }
  addEventListener("pagehide", () => {
    const open = {};
    for (const [at, details] of document.querySelectorAll("main details").entries()) open[name(details, at)] = details.open;
    write(place, { y: scrollY, open });
  });
}

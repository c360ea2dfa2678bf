// A page around an interview while there is no connection: it says so, and its buttons wait. Where browsers allow it, on
// https and on the machine itself, a worker keeps what can be read without one (see offline_worker.js).

import { at } from "./words.js";

const AGAIN_MS = 5000;
const place = document.querySelector("[data-offline]");
const from = document.documentElement.dataset.shownFrom; // of a copy: when it was true
const isShared = document.documentElement.dataset.keep === "tab";
let isOffline = null; // not known yet
let timer = 0;

// ``navigator.onLine`` knows of no network; a server on this machine needs none.
async function look() {
  clearTimeout(timer);
  const answer = await fetch("/offline", { method: "HEAD", cache: "no-store" }).catch(() => null);
  show(!answer);
  if (isOffline) timer = setTimeout(look, AGAIN_MS);
}

function show(isAway) {
  if (isAway === isOffline) return;
  isOffline = isAway;
  if (isAway) place.textContent = from ? place.dataset.copy.replace("{time}", since(new Date(from))) : place.dataset.offline;
  else if (from) place.replaceChildren(place.dataset.back, " ", again());
  else place.replaceChildren();
  for (const button of buttons()) button.ariaDisabled = String(isAway || Boolean(from));
}

// And links that look like buttons, but for those to a page that is kept.
const buttons = () => document.querySelectorAll('form [type=submit], main a.button:not([href^="/#"])');

function again() {
  return Object.assign(document.createElement("a"), { href: "", textContent: place.dataset.again });
}

// A copy of today needs no date.
function since(time) {
  const day = time.toLocaleDateString([`${document.documentElement.lang}-u-nu-latn`, "en"], { dateStyle: "medium" });
  return time.toDateString() === new Date().toDateString() ? at(time) : `${day}, ${at(time)}`;
}

// The reason is said once more to whoever presses a button that waits.
function hold(event) {
  const isLink = event.type === "click" && event.target.closest("a[aria-disabled=true]");
  if ((!isOffline && !from) || !(isLink || event.type === "submit")) return;
  event.preventDefault();
  event.stopPropagation();
  place.replaceChildren(...[...place.childNodes].map((node) => node.cloneNode(true)));
}

addEventListener("submit", hold, true);
addEventListener("click", hold, true);
addEventListener("offline", look);
addEventListener("online", look);
if (from || navigator.onLine === false) look();
if (!isShared) navigator.serviceWorker?.register("/service-worker.js").catch(() => {}); // else nothing is kept

// What the page says about its connection: what is wrong, that the work is safe, and what happens next.

import { say as sentence } from "./words.js";

const BACK_MS = 4000;
const LONG_MS = 120_000;
const SAID = ["slow", "reconnecting", "offline", "trouble", "signed out", "gone", "back"];
const AWAY = ["offline", "reconnecting", "trouble"];

let state = "";
let timer = 0;
let longTimer = 0;
let wasAway = false;
let isLong = false; // away for so long that the answers are offered as a file
let until = 0; // the next try

export const isLive = () => state === "live";
export const isOffline = () => state === "offline" || navigator.onLine === false;

// ``isDone`` says whether nothing waits to be sent; ``onSignIn`` is what the button does; ``until`` is when it is tried again.
export function show(next, { isDone = () => true, onSignIn = () => {}, carrier = "", until: again = 0 } = {}) {
  const place = document.querySelector("#connection");
  const was = state;
  state = navigator.onLine === false && next !== "signed out" ? "offline" : next;
  until = again;
  place.dataset.state = state;
  if (carrier) sayCarrier(carrier);
  count();
  const isBack = state === "live" && wasAway && isDone();
  if (was === state && !isBack) return;
  clearTimeout(timer);
  watchLong(AWAY.includes(state));
  wasAway = !isBack && (wasAway || state === "offline" || state === "trouble");
  say(place, isBack ? "back" : state, onSignIn);
  if (isBack) timer = setTimeout(() => say(place, "live"), BACK_MS);
}

function say(place, what, onSignIn) {
  place.replaceChildren(...(SAID.includes(what) ? [sentence(what)] : []));
  if (what === "trouble") place.append(" ", countdown());
  if (what === "signed out") place.append(" ", button(sentence("sign in"), onSignIn));
  if (isLong && AWAY.includes(what)) place.append(" ", fileButton());
  count();
}

function button(words, pressed = () => {}) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: words });
  made.className = "button button--small";
  made.addEventListener("click", pressed);
  return made;
}

function fileButton() {
  const made = button(sentence("answers file"));
  made.dataset.answersFile = "";
  return made;
}

// It is not read out: the sentence before it is, once.
function countdown() {
  const place = document.createElement("span");
  place.dataset.again = "";
  place.ariaHidden = "true";
  return place;
}

function count() {
  const place = document.querySelector("#connection [data-again]");
  const seconds = Math.max(1, Math.ceil((until - Date.now()) / 1000));
  if (place) place.textContent = sentence("trying again", { seconds });
}

function watchLong(isAway) {
  if (isAway && longTimer) return;
  clearTimeout(longTimer);
  isLong = false;
  longTimer = isAway ? setTimeout(offerFile, LONG_MS) : 0;
}

function offerFile() {
  isLong = true;
  const place = document.querySelector("#connection");
  if (!place.querySelector("[data-answers-file]")) place.append(" ", fileButton());
}

// A quiet line at the side: by which way news come.
function sayCarrier(carrier) {
  document.querySelector("#connection").dataset.carrier = carrier;
  const line = document.querySelector("[data-carrier-words]");
  if (line) line.textContent = sentence(`by ${carrier}`);
}

setInterval(count, 1000);

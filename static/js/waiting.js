// While a question is being written: a sign of life every seven seconds, a plain word at twenty, a way out at sixty; and
// when it is there and out of sight, a way to it. The view moves only for somebody who was at its end; focus never does.

import { remark } from "./speech.js";

const STOP_MS = 3000; // what comes sooner need not be stopped
const STILL_MS = 7000;
const SLOW_MS = 20_000;
const LATE_MS = 60_000;
const MOMENTS = [STOP_MS, STILL_MS, 2 * STILL_MS, SLOW_MS, LATE_MS];

let since = 0;
let timer = 0;
let said = 0; // the last of these moments that was told

// A page came in, or was loaded.
export function watchWaiting() {
  const coming = document.querySelector(".turn--coming");
  clearTimeout(timer);
  if (!coming) {
    since = said = 0;
    return;
  }
  if (!since) {
    since = Date.now() - (Number(coming.dataset.waited) || 0);
    said = Date.now() - since;
  }
  look();
}

function look() {
  const waited = Date.now() - since;
  const stop = document.querySelector("[data-stop]");
  const late = document.querySelector("[data-late]");
  if (stop) stop.hidden = waited < STOP_MS;
  if (late) late.hidden = waited < LATE_MS;
  const told = tell(waited);
  if (told && MOMENTS.some((moment) => moment > said && moment <= waited)) remark(told);
  said = waited;
  const next = MOMENTS.find((moment) => moment > waited) ?? waited + STILL_MS;
  timer = setTimeout(look, next - waited);
}

// What is shown now, to be said, too, when it is new.
function tell(waited) {
  if (waited < STILL_MS) return "";
  const words = document.querySelector("[data-waiting]")?.dataset[waited < SLOW_MS ? "still" : "slow"] ?? "";
  const place = document.querySelector(".coming__hint");
  if (place && words && place.textContent !== words) place.textContent = words;
  const late = document.querySelector("[data-late]:not([hidden]) p");
  return late ? late.textContent.replace(/\s+/g, " ").trim() : words;
}

// Also where it stands above a card, as in a pause: after that it is nothing new.
const newest = () => [...document.querySelectorAll("[data-room] .turn--question[id]")].at(-1);
let shown = "";

// ``wasAtEnd``: the person saw the end of the page before the question came.
export function offerQuestion(wasAtEnd) {
  const question = newest();
  const isNew = question && question.id !== shown;
  if (question) shown = question.id;
  if (!isNew || inSight(question)) return;
  if (wasAtEnd) question.scrollIntoView({ block: "nearest" });
  else pill().hidden = false;
}

// The page as it was loaded shows nothing new.
export function learnQuestion() {
  shown = newest()?.id ?? "";
  addEventListener("scroll", () => !pill().hidden && inSight(newest()) && (pill().hidden = true), { passive: true });
  pill().addEventListener("click", () => (pill().hidden = true));
}

const pill = () => document.querySelector("[data-pill]");

function inSight(question) {
  if (!question) return true;
  const { top, bottom } = question.getBoundingClientRect();
  return bottom > 0 && top < innerHeight - 40;
}

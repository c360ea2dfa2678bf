// While a question is being written: a sign of life every seven seconds, a plain word at twenty; and when it is there
// and out of sight, a way to it. The view moves only for somebody who was at its end; focus never does.

import { remark } from "./speech.js";

const STILL_MS = 7000;
const SLOW_MS = 20_000;

let since = 0;
let timer = 0;
let isSlow = false;

// A page came in, or was loaded.
export function watchWaiting() {
  const coming = document.querySelector(".turn--coming");
  if (!coming) {
    clearTimeout(timer);
    since = timer = 0;
    isSlow = false;
  } else if (!since) {
    since = Date.now();
    timer = setTimeout(still, STILL_MS);
  } else if (isSlow) {
    hint("slow");
  }
}

function still() {
  const waited = Date.now() - since;
  const wasSlow = isSlow;
  isSlow = waited >= SLOW_MS;
  const words = hint(isSlow ? "slow" : "still");
  if (!isSlow || !wasSlow) remark(words);
  timer = setTimeout(still, isSlow || waited + STILL_MS < SLOW_MS ? STILL_MS : SLOW_MS - waited);
}

function hint(kind) {
  const words = document.querySelector("[data-waiting]")?.dataset[kind] ?? "";
  const place = document.querySelector(".coming__hint");
  if (place && words) place.textContent = words;
  return words;
}

const newest = () => [...document.querySelectorAll("#question .turn--question")].at(-1);
let shown = "";

// ``wasAtEnd``: the person saw the end of the page before the question came.
export function offerQuestion(wasAtEnd) {
  const question = newest();
  const isNew = question && question.id && question.id !== shown;
  if (question?.id) shown = question.id;
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

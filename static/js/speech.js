// What screen readers are told about a page that changes under them: each question and each warning once.

import { say as sentence } from "./words.js";

let known = {};

// What the page says when it is loaded is read with the page.
export function learn(room) {
  known = told(room);
}

export function speak(room) {
  const before = known;
  known = told(room, before);
  if (known.question !== before.question) say("#sr-log", known.question);
  else if (known.isComing && !before.isComing) remark(sentence("writing"));
  if (known.limit > before.limit) say("#sr-status", moreTime());
  else if (known.warned !== before.warned) say("#sr-status", room.dataset.warning);
}

// A question or warning that is gone for the moment, as in a pause, was told all the same. More time brings warnings
// back, since they lie ahead again.
function told(room, before = {}) {
  const { announce, warned, limit } = room.dataset;
  const now = { question: announce || before.question, warned: Number(warned) || Infinity, limit: Number(limit) };
  now.isComing = Boolean(document.querySelector(".turn--coming"));
  if (now.limit === before.limit) now.warned = Math.min(now.warned, before.warned);
  return now;
}

function moreTime() {
  const left = document.querySelector("[data-left]")?.textContent;
  return left ? sentence("more time left", { left }) : sentence("more time");
}

// What somebody asked for.
export const announce = (words) => say("#sr-status", words);

// What is good to know and can be done without.
export function remark(words) {
  if (document.documentElement.dataset.announce !== "minimal") say("#sr-status", words);
}

function say(region, words) {
  const place = document.querySelector(region);
  if (place && words) place.textContent = words;
}

// The page that comes in place of the one that is shown, without a reload, and the question that grows meanwhile.
// What is being typed stays in the field, whatever the page that came says: it is newer than anything stored.

import { composer, held as inFields, isIn, putBackInto, writtenFor } from "./answer.js";
import { leaving } from "./draft.js";
import { remember, restore } from "./place.js";
import { say } from "./words.js";

const AGAIN_MS = 3000;
const CALM = matchMedia("(prefers-reduced-motion: reduce)");
// Where a phrase or a sentence ends: a mark before a blank, or one that needs none, or the end of a line.
const PHRASES = /[.!?…,;:،؛؟]["”’)\]]*(?=\s)|[。！？、，；：\n]/gu;
const SENTENCES = /[.!?…؟]["”’)\]]*(?=\s)|[。！？\n]/gu;

export const grid = () => document.querySelector("[data-room]");

let partial = { attempt: 0, text: [] };
let refreshing = null;
let again = false;
let isFresh = false; // another tab wrote: what this field holds is old
let held = null;
let onShown = () => {};

// ``shown(next)`` is called when a page has been put in.
export function putIn(shown) {
  onShown = shown;
  const { attempt, partialText } = grid().dataset;
  if (document.querySelector("[data-partial]")) partial = { attempt: Number(attempt), text: [...partialText] };
}

export function restart(attempt) {
  partial = { attempt, text: [] };
}

// Offsets count characters as Python does, code points; so does a spread string.
export function grow({ attempt, offset, text }) {
  if (attempt !== partial.attempt) restart(attempt);
  partial.text = [...partial.text.slice(0, offset), ...text];
  const place = document.querySelector("[data-partial]");
  if (!place) return refresh();
  if (document.documentElement.dataset.answers === "whole") return; // at once, when it is complete
  const whole = phrases(partial.text.join(""));
  if (!whole) return;
  place.hidden = false;
  if (place.textContent !== whole) place.textContent = whole;
}

// Up to where a phrase ends, so that nobody reads words that hop into place; whole sentences for whom motion disturbs.
function phrases(text) {
  const isCalm = CALM.matches || document.documentElement.dataset.motion === "reduced";
  const last = [...text.matchAll(isCalm ? SENTENCES : PHRASES)].at(-1);
  return last ? text.slice(0, last.index + last[0].length) : "";
}

// One at a time; a change that comes meanwhile asks for one more.
export function refresh(wish = {}) {
  isFresh ||= Boolean(wish.isFresh);
  if (leaving()) return Promise.resolve();
  again = true;
  refreshing ??= (async () => {
    while (again) {
      again = false;
      await load();
    }
  })()
    // The frame that asked for it does not come twice, so a page that could not be had is asked for again.
    .catch(() => setTimeout(refresh, AGAIN_MS))
    .finally(() => (refreshing = null));
  return refreshing;
}

async function load() {
  const headers = { Accept: "text/html", "X-Room": "refresh" };
  const response = await fetch(location.pathname + location.search, { headers });
  if (response.status >= 500) throw new Error(String(response.status));
  if (!response.ok) return;
  if (response.redirected && new URL(response.url).pathname !== location.pathname) return goTo(response.url);
  const text = await response.text();
  if (!leaving()) replace(new DOMParser().parseFromString(text, "text/html"));
}

// To the end of the interview, unless there is a text that would be out of sight there; not to the sign-in page, since
// signing in has a dialog here.
function goTo(address) {
  if (new URL(address).pathname.startsWith("/login")) return;
  const texts = [...document.querySelectorAll("#content, #code, .room__talk > .unsent textarea")];
  if (!texts.some((field) => field.value.trim())) return location.assign(address);
  const link = Object.assign(document.createElement("a"), { href: address, textContent: say("go on") });
  const line = Object.assign(document.createElement("p"), { className: "notice notice--warning" });
  line.append(say("has ended"), " ", link);
  document.querySelector("#notice").replaceChildren(line);
}

function replace(page) {
  const next = page.querySelector("[data-room]");
  if (!next) return;
  if (isFresh) held = null;
  else if (composer()) held = inFields(composer()); // a paused room has no field: it waits until there is one again
  isFresh = false;
  const place = remember();
  let isBehind = false; // what was written is for a question that is not open any more
  grid().replaceWith(next);
  const bar = page.querySelector(".bar");
  if (bar) document.querySelector(".bar").replaceWith(bar);
  document.title = page.title;
  if (composer()) {
    isBehind = isFor(held) && held.question !== composer().elements.in_reply_to?.value;
    if (held) putBackInto(composer(), held);
    if (held?.changed) writtenFor(composer(), held.writtenFor || (isBehind && held.question));
    held = null;
  }
  if (next.dataset.live !== "yes") giveBack(held);
  restore(place);
  onShown(next, { ...place, isBehind });
}

const isFor = (typed) => Boolean(typed?.question && typed.changed && typed.whole.trim());

// There is no field any more: what was typed and nowhere else to be seen can be copied.
function giveBack(typed) {
  if (!typed?.changed || isIn(grid(), typed.whole)) return;
  const copy = document.querySelector("[data-unsent]").content.cloneNode(true);
  copy.querySelector("textarea").value = typed.whole;
  document.querySelector(".room__talk").append(copy);
  held = null;
}

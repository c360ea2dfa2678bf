// Where somebody is on a page that is about to be replaced by a newer one: what is focused, what is unfolded.

import { drop, get, put } from "./store.js";

const NEXT = "iv:next"; // what has the focus on the page that is loaded next
const SOON_MS = 15_000;
const NEAR_PX = 48; // from the end of the page
const FOCUSABLE = "a[href], button, input, textarea, select, summary";

export function remember() {
  const element = document.activeElement;
  const folds = [...document.querySelectorAll("details")].filter((fold) => fold.open).map((fold) => fold.className);
  const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - NEAR_PX;
  const isTaskShut = document.querySelector("details.task")?.open === false;
  return { focused: element && !["content", "code"].includes(element.id) && name(element), folds, isAtEnd, isTaskShut };
}

export function restore({ focused, folds, isTaskShut }) {
  for (const fold of document.querySelectorAll("details")) fold.open ||= folds.includes(fold.className);
  if (isTaskShut) document.querySelector("details.task")?.removeAttribute("open");
  if (!focused || document.activeElement !== document.body) return;
  const same = [...document.querySelectorAll(FOCUSABLE)].find((element) => name(element) === focused);
  same?.focus({ preventScroll: true });
}

// After a button that is gone on the page that comes: where people go on there.
export const leadTo = (id) => put(NEXT, { id });

export function arrive() {
  const { id, keptAt } = get(NEXT) ?? {};
  drop(NEXT);
  if (id && Date.now() - keptAt < SOON_MS) focusOn(id);
}

export const focusOn = (id) => document.getElementById(id)?.focus({ preventScroll: true });

// What tells an element from all others on the page, and is the same on the page that comes.
function name(element) {
  if (!element.matches(FOCUSABLE)) return "";
  const { tagName, id } = element;
  const target = element.getAttribute("href") ?? element.getAttribute("formaction") ?? element.form?.getAttribute("action");
  return [tagName, id, target, element.getAttribute("name"), element.textContent.trim()].join("|");
}

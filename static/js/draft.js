// The draft: on this device at once, on the server two seconds after the last key and at least every ten, and before
// anything else is done in the room. Its revision makes sure that an older tab never overwrites a newer draft. What is
// said about it is what is known: "Saved" only when the server has this very text.

import { composer, fill, isAnswer, original, questionOf, whole, writtenFor } from "./answer.js";
import { call } from "./calls.js";
import { forget, keepHere, putBack, showState } from "./kept.js";

const TYPING_MS = 300;
const SILENCE_MS = 2000;
const LONGEST_MS = 10_000;
const PATIENCE_MS = 5000;
let session = "";
let mayKeep = () => true;
let settled = () => null;
let localTimer = 0;
let timer = 0;
let since = 0; // when the oldest key was pressed that the server does not know of
let pending = Promise.resolve();
let underWay = 0;
let stale = null; // the newer draft that somebody else stored
let isAway = false;
let isLeaving = false; // a form was sent: the page that comes knows better

// ``may(isHere)`` says whether this tab may store drafts now, on this device or on the server; ``settle()`` waits for
// answers that are under way.
export function watch(id, may, settle) {
  [session, mayKeep, settled] = [id, may, settle];
  document.addEventListener("input", typed);
  document.addEventListener("click", chosen);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush(true));
  addEventListener("pagehide", () => keepLocal());
  document.addEventListener("submit", before);
  addEventListener("pageshow", stay);
}

export const leaving = () => isLeaving;
export const stay = () => (isLeaving = false);
export const idle = () => pending;

// Whether text would be lost with this page as far as the server goes, after trying to give it to the server.
export const isAtRisk = () => Boolean(composer() && mayKeep() && (isAway || stale) && differs(composer()));

// One after the other, so that revisions count upwards. Never fails: what could not be kept is tried again later.
export function flush(isLast = false) {
  clearTimeout(timer);
  keepLocal();
  if (isLeaving) return pending;
  underWay += 1;
  pending = pending.then(() => keep(isLast)).catch(() => {}).finally(() => (underWay -= 1));
  return pending;
}

// The button: what stands there is for the question that is open, also if it was written under another.
export function save() {
  const form = composer();
  if (form.dataset.for) form.kept = null;
  forOpen(form);
  return flush();
}

// Somebody said, by a key or a button, that the text is for the question that is open.
export function forOpen(form) {
  const earlier = form.dataset.for;
  writtenFor(form, "");
  if (!earlier) return;
  keepLocal();
  if (earlier !== questionOf(form)) forget(session, earlier);
}

// A page came in, or this tab took over: the text that is only on this device comes back.
export function adopt() {
  const form = composer();
  if (!form) return;
  stale = null;
  const isBack = putBack(session, form, differs(form));
  if (!isBack && !differs(form)) return;
  keepLocal();
  clearTimeout(timer);
  timer = setTimeout(flush, isBack ? 0 : SILENCE_MS);
}

// What is in the field is old: a text kept by the tab that wrote until now takes its place.
export function giveWay() {
  const form = composer();
  if (form) form.restored = whole(form);
}

// ``isForced`` by a tab that has just lost its turn: the tab that took it goes on with this text.
export function keepLocal(isForced = false) {
  clearTimeout(localTimer);
  const form = composer();
  if (!form || !(isForced || mayKeep(true))) return;
  const isKept = keepHere(session, form, differs(form));
  if (differs(form) && !stale) showState(!whole(form).trim() ? "empty" : isKept ? "device" : "nowhere");
}

function typed({ target }) {
  if (!isAnswer(target)) return;
  forOpen(composer());
  showState(stale ? "stale" : "saving");
  clearTimeout(localTimer);
  localTimer = setTimeout(keepLocal, TYPING_MS);
  since ||= Date.now();
  clearTimeout(timer);
  timer = setTimeout(flush, Math.max(0, Math.min(SILENCE_MS, since + LONGEST_MS - Date.now())));
}

// Other forms wait until the text is kept; an answer is no form any more when it comes here.
function before(event) {
  const { target, submitter } = event;
  if (event.defaultPrevented || target.method === "dialog") return;
  if (unkept()) flush();
  isLeaving = true;
  const sending = settled();
  if (!underWay && !sending) return;
  event.preventDefault();
  const waiting = Promise.all([pending, sending]);
  const enough = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  Promise.race([waiting, enough]).then(() => target.requestSubmit(submitter));
}

const differs = (form) => whole(form) !== (form.kept === undefined ? original(form) : form.kept);

function unkept() {
  const form = composer();
  return form && !stale && mayKeep() && differs(form) ? form : null;
}

async function keep(isLast) {
  const form = unkept();
  if (!form) return;
  const text = whole(form);
  const revision = Number(form.elements.revision.value);
  since = 0;
  const body = { text, revision, in_reply_to: questionOf(form) || null };
  const answer = await call("PUT", `/sessions/${session}/draft`, { body, patience: PATIENCE_MS, isLast });
  if (answer.kind !== "ok") return notKept(answer);
  isAway = false;
  if (answer.body.text !== text) {
    stale = answer.body;
    return showState("stale");
  }
  form.kept = text;
  form.elements.revision.value = revision + 1;
  if (mayKeep(true)) keepHere(session, form, differs(form));
  if (!differs(form)) showState("server");
}

function notKept({ kind }) {
  isAway = kind !== "refused";
  keepLocal();
  if (!isAway) return; // the interview is paused or over: the page that comes says so
  clearTimeout(timer);
  timer = setTimeout(flush, LONGEST_MS);
}

// Of two drafts, one was written elsewhere: the person says which.
function chosen({ target }) {
  const choice = target.closest("[data-choose]")?.dataset.choose;
  const form = composer();
  if (!choice || !form || !stale) return;
  form.elements.revision.value = stale.revision + 1;
  if (choice === "theirs") fill(form, (form.kept = stale.text));
  stale = null;
  forOpen(form);
  showState(choice === "theirs" ? "server" : "saving");
  flush();
}

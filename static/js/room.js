// The room, live: the question grows as it is written, answers go out while the page stays, and what changed elsewhere
// is shown without a reload. The server renders everything; this only wires the parts together.

import { isIn } from "./answer.js";
import { offerFile } from "./answers_file.js";
import { isLive, isOffline, show } from "./banner.js";
import { showClock } from "./clock.js";
import { prepare as prepareCode, showCode } from "./code.js";
import { giveBack, takeOver, tell } from "./composer.js";
import { adopt, flush, giveWay, idle, isAtRisk, keepLocal, stay, watch } from "./draft.js";
import { keepFor, left } from "./kept.js";
import * as outbox from "./outbox.js";
import { prepare as prepareCommands } from "./commands.js";
import { grow, grid, putIn, refresh, restart } from "./page.js";
import { prepare as preparePanes, showPanes } from "./panes.js";
import { arrive, focusOn, leadTo } from "./place.js";
import * as pausing from "./pausing.js";
import { note, prepare as prepareSending, showSending } from "./sending.js";
import { askToSignIn, prepare as prepareSignIn } from "./signin.js";
import { learn, remark, speak } from "./speech.js";
import { OUT, purge } from "./store.js";
import { follow } from "./stream.js";
import { claim, join, leads, showTabs } from "./tabs.js";
import { learnQuestion, offerQuestion, watchWaiting } from "./waiting.js";
import { say } from "./words.js";

const SETTLE_MS = 300;

let reconnect = () => {};
let isTaking = false; // the turn, from another tab whose text is on its way here
let isOut = false; // somebody signed out in another tab: nothing is kept any more

function start() {
  const room = grid();
  prepareCommands();
  preparePanes();
  showPanes();
  if (!room?.dataset.candidate) return watchOnly(room);
  purge();
  takeOver({ pause });
  prepareCode();
  prepareSending({ leads, edit: (entry) => giveBack(entry) });
  prepareSignIn(signedIn);
  offerFile();
  watch(room.dataset.room, mayKeep, outbox.underWay);
  outbox.open(room.dataset.room, { may: leads, changed });
  pausing.prepare(room.dataset.room, { leads, may: () => writes() && !outbox.entries().length, paused });
  join(room.dataset.room, tabChanged);
  document.addEventListener("click", ({ target }) => target.closest("[data-use-this-one]") && useThisOne());
  document.addEventListener("submit", ({ target }) => target.action.endsWith("/resume") && leadTo("content"));
  addEventListener("storage", ({ key }) => (key === OUT ? leave() : key?.startsWith("iv:") && shownAgain()));
  addEventListener("beforeunload", guard);
  shownAgain();
  arrive();
  outbox.now().then(pausing.now);
  document.body.dataset.scripted = "yes";
  return watchOnly(room);
}

// What whoever reads along gets, too.
function watchOnly(room) {
  if (room?.dataset.live !== "yes") return;
  learn(room);
  learnQuestion();
  watchWaiting();
  showClock(() => flush().then(refresh)); // what is written at the deadline still counts
  putIn(shown);
  reconnect = follow({ session: room.dataset.room, cursor: room.dataset.cursor, onFrame, onState });
}

const writes = () => leads() && !isTaking && !isOut;
const mayKeep = (isHere) => writes() && (isHere || !outbox.entries().length);

function onFrame(event, told) {
  if (event === "message.delta") return grow(told);
  if (event === "operation.started") restart(told.attempt);
  return refresh();
}

const isDone = () => !outbox.entries().length;

function onState(state, carrier, until) {
  show(state, { carrier, until, isDone, onSignIn: askToSignIn });
  if (state === "signed out" && grid().dataset.candidate) askToSignIn();
  if (state === "live" && outbox.entries().length && !outbox.underWay()) outbox.now().then(pausing.now);
  else if (state === "live") pausing.now();
}

// What was written goes first.
function pause() {
  flush();
  pausing.want(idle().then(outbox.now));
}

function paused() {
  if (isAtRisk()) return refresh().then(() => focusOn("paused"));
  leadTo("paused");
  return location.assign(location.pathname);
}

function leave() {
  isOut = true;
  location.reload();
}

// A page came in place of the one before.
function shown(next, { isAtEnd, isBehind }) {
  shownAgain();
  if (isBehind && leads()) tell(say("answered elsewhere"));
  showClock();
  showPanes();
  speak(next);
  watchWaiting();
  offerQuestion(isAtEnd);
}

function shownAgain() {
  if (!grid().dataset.candidate) return;
  showTabs(writes());
  showSending();
  if (writes()) adopt();
  showLeft();
  showCode();
  for (const button of document.querySelectorAll("[data-answers-file]")) button.hidden = false;
}

function changed(entry, state) {
  note(entry, state);
  if (state.name === "refused" && !giveBack(entry, state.message)) keepFor(grid().dataset.room, entry);
  if (state.name === "saved") remark(say("answer sent"));
  if (state.name === "waiting") show(away(state), { until: state.until });
  if (state.name === "signed out") onState("signed out");
  setTimeout(crossedOut, 0, state); // the entry is, only after this
  if (state.name === "saved" || state.name === "refused") refresh();
}

function crossedOut({ name }) {
  showSending();
  if (name === "saved" && isLive()) show("live", { isDone });
}

const away = ({ isServer }) => (isServer ? "trouble" : isOffline() ? "offline" : "reconnecting");

// What waits on this device where there is no field for it, as in a pause: it is shown, to be copied.
function showLeft() {
  const template = document.querySelector("[data-unsent]");
  if (!template || document.querySelector("#content")) return;
  for (const text of left(grid().dataset.room)) {
    const fields = [...document.querySelectorAll(".unsent textarea")];
    if (fields.some((field) => field.value === text) || isIn(grid(), text)) continue;
    const copy = template.content.cloneNode(true);
    copy.querySelector("textarea").value = text;
    document.querySelector(".room__talk").append(copy);
  }
}

function tabChanged(isLeading) {
  if (!isLeading) keepLocal(true); // for the tab that goes on with it
  if (isLeading) return takeTurn();
  showTabs(false);
  return showSending();
}

function useThisOne() {
  claim();
  document.querySelector("#content")?.focus({ preventScroll: true });
}

// What this tab showed while another one wrote is old, and must not be kept in place of what that one has just kept.
async function takeTurn() {
  isTaking = true;
  showTabs(false);
  await Promise.all([refresh({ isFresh: true }), new Promise((resolve) => setTimeout(resolve, SETTLE_MS))]);
  isTaking = false;
  giveWay();
  shownAgain();
  outbox.now();
  reconnect();
}

function signedIn() {
  show("live");
  tell("");
  reconnect();
  outbox.now().then(() => refresh()).then(flush);
}

function guard(event) {
  if (!writes() || !(outbox.entries().length || isAtRisk())) return;
  event.preventDefault();
  setTimeout(stay, 1000); // the person stayed
}

start();

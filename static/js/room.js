// The room, live: the question grows as it is written, answers go out while the page stays, and what changed elsewhere
// is shown without a reload. The server renders everything; this only wires the parts together.

import { offerFile } from "./answers_file.js";
import { isOffline, show } from "./banner.js";
import { showClock } from "./clock.js";
import { giveBack, takeOver, tell } from "./composer.js";
import { adopt, flush, giveWay, isAtRisk, keepLocal, stay, watch } from "./draft.js";
import * as outbox from "./outbox.js";
import { grow, grid, putIn, refresh, restart } from "./page.js";
import { note, prepare as prepareSending, showSending } from "./sending.js";
import { askToSignIn, prepare as prepareSignIn } from "./signin.js";
import { learn, remark, speak } from "./speech.js";
import { purge } from "./store.js";
import { follow } from "./stream.js";
import { claim, join, leads, showTabs } from "./tabs.js";

const SETTLE_MS = 300;

let reconnect = () => {};
let isTaking = false; // the turn, from another tab whose text is on its way here

function start() {
  const room = grid();
  if (!room?.dataset.candidate) return watchOnly(room);
  purge();
  takeOver();
  prepareSending({ leads, edit: (entry) => giveBack(entry) });
  prepareSignIn(signedIn);
  offerFile();
  watch(room.dataset.room, mayKeep, outbox.underWay);
  outbox.open(room.dataset.room, { may: leads, changed });
  join(room.dataset.room, tabChanged);
  document.addEventListener("click", ({ target }) => target.closest("[data-use-this-one]") && useThisOne());
  addEventListener("storage", ({ key }) => key?.startsWith("iv:") && shownAgain());
  addEventListener("beforeunload", guard);
  shownAgain();
  outbox.now();
  document.body.dataset.scripted = "yes";
  return watchOnly(room);
}

// What whoever reads along gets, too.
function watchOnly(room) {
  if (room?.dataset.live !== "yes") return;
  learn(room);
  showClock(() => flush().then(refresh)); // what is written at the deadline still counts
  putIn(shown);
  reconnect = follow({ session: room.dataset.room, cursor: room.dataset.cursor, onFrame, onState });
}

const writes = () => leads() && !isTaking;
const mayKeep = (isHere) => writes() && (isHere || !outbox.entries().length);

function onFrame(event, told) {
  if (event === "message.delta") return grow(told);
  if (event === "operation.started") restart(told.attempt);
  return refresh();
}

function onState(state, carrier) {
  show(state, { carrier, isDone: () => !outbox.entries().length, onSignIn: askToSignIn });
  if (state === "signed out" && grid().dataset.candidate) askToSignIn();
  if (state === "live" && outbox.entries().length && !outbox.underWay()) outbox.now();
}

// A page came in place of the one before.
function shown(next) {
  shownAgain();
  showClock();
  speak(next);
}

function shownAgain() {
  if (!grid().dataset.candidate) return;
  showTabs(writes());
  showSending();
  if (writes()) adopt();
  for (const button of document.querySelectorAll("[data-answers-file]")) button.hidden = false;
}

function changed(entry, state) {
  note(entry, state);
  if (state.name === "refused" && !giveBack(entry, state.message)) keepFor(entry);
  if (state.name === "saved") remark("Answer sent.");
  if (state.name === "waiting") show(state.isServer ? "trouble" : isOffline() ? "offline" : "reconnecting");
  if (state.name === "signed out") onState("signed out");
  setTimeout(showSending); // the entry is crossed out only after this
  if (state.name === "saved" || state.name === "refused") refresh();
}

// Refused where there is no field: it is shown to be copied, and waits on this device for one.
function keepFor({ text }) {
  const copy = document.querySelector("[data-unsent]")?.content.cloneNode(true);
  if (!copy) return;
  copy.querySelector("textarea").value = text;
  document.querySelector(".room__talk").append(copy);
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

// Pausing by script: the wish is written down like an answer and goes out behind the answers, under one name. Where the
// connection is away it waits on this device until it is back, or until somebody thinks better of it.

import { call } from "./calls.js";
import { drop, get, newId, put } from "./store.js";
import { say } from "./words.js";

const AGAIN_MS = 5000;
const STALE_MS = 10 * 60 * 1000; // of a page that was closed meanwhile: who comes back later than that wants to go on

let session = "";
let leads = () => true;
let mayRun = () => true;
let onPaused = () => {};
let timer = 0;
let working = null;

const key = () => `iv:p:v1:${session}`;

// ``leads`` says whether this tab is the one that asks, ``may`` whether it can go out now; ``paused()`` hears when the wish
// is granted, or came too late.
export function prepare(id, { leads: isFirst, may, paused }) {
  [session, leads, mayRun, onPaused] = [id, isFirst, may, paused];
  document.addEventListener("click", ({ target }) => target.closest("[data-go-on]") && forgetIt());
  if (Date.now() - (get(key())?.keptAt ?? 0) > STALE_MS) drop(key());
}

export const isWanted = () => Boolean(get(key()));

// ``first`` is what is to be waited for.
export function want(first) {
  if (!isWanted()) put(key(), { id: newId() });
  return first.then(now);
}

export function now() {
  clearTimeout(timer);
  if (isWanted() && leads()) working ??= ask().finally(() => (working = null));
  return working;
}

async function ask() {
  if (!mayRun()) return wait();
  const headers = { "Idempotency-Key": get(key()).id };
  const answer = await call("POST", `/sessions/${session}/pause`, { body: {}, headers });
  if (!isWanted()) return undefined;
  if (answer.kind !== "ok" && answer.kind !== "refused") return wait();
  forgetIt();
  return onPaused();
}

function wait() {
  timer = setTimeout(now, AGAIN_MS);
  const place = document.querySelector("#notice");
  if (place.querySelector("[data-go-on]")) return;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: say("do not pause") });
  button.className = "button button--small";
  button.dataset.goOn = "";
  const line = Object.assign(document.createElement("p"), { className: "notice notice--warning" });
  line.append(say("pause waits"), " ", button);
  place.replaceChildren(line);
}

function forgetIt() {
  clearTimeout(timer);
  drop(key());
  if (document.querySelector("[data-go-on]")) document.querySelector("#notice").replaceChildren();
}

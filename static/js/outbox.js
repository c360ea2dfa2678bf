// Answers on their way. An answer is written down before it is sent and crossed out when the server has it; until then
// it is sent again, always under the same name, so that it is stored exactly once whatever is lost on the way.

import { call } from "./calls.js";
import { all, drop, newId, put } from "./store.js";
import { reason } from "./words.js";

const PAUSES = [1, 2, 4, 8, 16, 30]; // seconds

let session = "";
let mayRun = () => true;
let onChange = () => {};
let failures = 0;
let timer = 0;
let working = null;

// ``may`` says whether this tab is the one that sends; ``changed(entry, state)`` hears of everything that happens.
export function open(id, { may, changed }) {
  [session, mayRun, onChange] = [id, may, changed];
  addEventListener("online", now);
}

const prefix = () => `iv:o:v1:${session}:`;

export const entries = () => all(prefix()).map(([, entry]) => entry);

export function add(answer) {
  const entry = { id: newId(), at: new Date().toISOString(), ...answer };
  put(prefix() + entry.id, entry);
  return entry;
}

// What is to be written once more is not sent any more.
export function take(id) {
  const entry = entries().find((one) => one.id === id);
  drop(prefix() + id);
  return entry;
}

// Try at once, whatever pause was planned.
export function now() {
  clearTimeout(timer);
  working ??= work().finally(() => (working = null));
  return working;
}

// What is being sent at this moment, to be waited for.
export const underWay = () => working;

async function work() {
  for (const entry of entries()) {
    if (!mayRun()) return;
    onChange(entry, { name: "sending" });
    if (!settled(entry, await send(entry))) return;
  }
}

function send({ id, question, text, mode, skip }) {
  const body = { answer_text: text, client_message_id: id, in_reply_to: question, skip, mode };
  return call("POST", `/sessions/${session}/answers`, { body });
}

// Whether the next one can go. Told first and crossed out then: whoever is told keeps the text somewhere else.
function settled(entry, answer) {
  const message = reason(answer.body?.detail);
  if (answer.kind === "ok") failures = 0;
  if (answer.kind === "ok" || answer.kind === "refused") {
    onChange(entry, answer.kind === "ok" ? { name: "saved" } : { name: "refused", message });
    drop(prefix() + entry.id);
    return true;
  }
  if (answer.kind !== "later") {
    onChange(entry, { name: answer.kind });
    return false;
  }
  const pause = answer.wait || PAUSES[Math.min(failures++, PAUSES.length - 1)] * (0.8 + Math.random() * 0.4);
  onChange(entry, { name: "waiting", until: Date.now() + pause * 1000, isServer: answer.status >= 500 });
  timer = setTimeout(now, pause * 1000);
  return false;
}

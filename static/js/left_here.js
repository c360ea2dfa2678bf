// Texts that are only on this device, where there is no room for them any more: before and after the end of an
// interview, and before somebody signs out. What can still be sent is sent; everything can be taken along.

import { copy } from "./copy.js";
import { keepFor } from "./kept.js";
import { entries, now, open } from "./outbox.js";
import { all, drop, forget, purge } from "./store.js";
import { say } from "./words.js";

const KINDS = ["iv:d:v1:", "iv:o:v1:"]; // drafts, and answers on their way
const place = document.querySelector("[data-left-here]");
const sessions = place.dataset.leftHere.split(" ").filter(Boolean);
const states = new Map(); // what became of an answer, by its name
let hasSent = false;

const isOurs = (key) => KINDS.some((kind) => key.startsWith(kind)) && sessions.some((id) => key.includes(id));
const isSaid = (text) => document.querySelector("main").textContent.includes(text.trim());
const isOnItsWay = (key) => key.startsWith(KINDS[1]);

// Each once, an answer rather than the draft that it was.
function texts() {
  const ours = all("iv:").filter(([key, { text, skip }]) => isOurs(key) && (skip || text?.trim()));
  const answers = ours.filter(([key]) => isOnItsWay(key)).map(([, { text }]) => text);
  return ours.filter(([key, { text }]) => isOnItsWay(key) || !answers.includes(text));
}

function start() {
  purge();
  for (const [key, { text }] of texts()) if (!isOnItsWay(key) && isSaid(text)) drop(key);
  place.addEventListener("click", pressed);
  const form = document.querySelector("[data-forgets]");
  form?.addEventListener("submit", signOut);
  show();
  if (form) return;
  open(sessions[0], { may: () => true, changed });
  now().then(sent);
}

// First out, then forgotten: rooms in other tabs load again when they hear of it, and must find nobody signed in.
async function signOut(event) {
  const form = event.target;
  event.preventDefault();
  const body = new FormData(form);
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
  if (answer?.type !== "opaqueredirect") return form.submit();
  forget(sessions);
  return location.assign(form.action); // which leads somebody who is signed out to where they belong
}

function changed(entry, state) {
  if (state.name === "saved") hasSent = true;
  if (state.name === "refused") keepFor(sessions[0], entry);
  states.set(entry.id, state.name === "refused" ? state.message : wordsFor(state));
  setTimeout(sent); // it is crossed out only after this
}

const wordsFor = ({ name, until }) =>
  name === "saved" ? "" : say(`answer ${name}`, { seconds: Math.ceil((until - Date.now()) / 1000) });

// What this page says of the interview was true before the answer came.
function sent() {
  if (hasSent && !entries().length) return location.reload();
  return show();
}

function show() {
  const list = place.querySelector("[data-left-list]");
  const template = place.querySelector("template").content.firstElementChild;
  list.replaceChildren(...texts().map(([key, { id, text, skip }]) => {
    const item = template.cloneNode(true);
    item.dataset.key = key;
    item.querySelector("textarea").value = skip ? say("answer skipped") : text;
    item.querySelector("[data-left-state]").textContent = states.get(id ?? key.split(":").at(-1)) ?? "";
    item.querySelector("[data-left=send]")?.toggleAttribute("hidden", !isOnItsWay(key));
    return item;
  }));
  place.hidden = !list.children.length;
}

function pressed({ target }) {
  const button = target.closest("[data-left]");
  const item = button?.closest("[data-key]");
  if (!button) return;
  if (button.dataset.left === "file") save();
  if (button.dataset.left === "copy") copy(item.querySelector("textarea").value, button);
  if (button.dataset.left === "send") now().then(sent);
  if (button.dataset.left === "drop") {
    drop(item.dataset.key);
    show();
  }
}

function save() {
  const told = texts().map(([, { id, at, question, text, skip }]) => ({
    client_message_id: id, client_sent_at: at, in_reply_to: question, text, skip,
  }));
  const file = new Blob([JSON.stringify({ sessions, unsent: told }, null, 2)], { type: "application/json" });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: "answers.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

start();

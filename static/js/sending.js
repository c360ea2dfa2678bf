// Answers on their way, as the page shows them: at once under their question, with where they stand.

import { fill, whole } from "./answer.js";
import { at, say as sentence } from "./words.js";
import { pieces } from "./fences.js";
import { copy } from "./copy.js";
import { entries, now, take } from "./outbox.js";

const states = new Map(); // by the answer's name
const saved = new Map(); // answers that the server has and the page does not show yet
let isOurs = () => true;
let onEdit = () => {};

// ``leads`` says whether this tab sends; ``edit(entry)`` takes an answer back into the composer.
export function prepare({ leads, edit }) {
  [isOurs, onEdit] = [leads, edit];
  document.addEventListener("click", pressed);
  setInterval(() => [...states].some(([, state]) => state.name === "waiting") && showSending(), 1000);
}

export function note(entry, state) {
  states.set(entry.id, state);
  if (state.name === "saved") saved.set(entry.id, { ...entry, when: at() });
  if (state.name === "refused") states.delete(entry.id);
}

// The answer under way to a question, if there is one.
export const pendingFor = (question) => waiting().find((entry) => entry.question === question);

const waiting = () => [...entries().filter(({ id }) => !saved.has(id)), ...saved.values()];

export function showSending() {
  for (const id of saved.keys()) if (shown(id)) [saved, states].forEach((map) => map.delete(id));
  const wanted = waiting().filter(({ id }) => !shown(id));
  const names = new Set(wanted.map(({ id }) => id));
  for (const turn of turns()) if (!names.has(turn.dataset.sendingId)) turn.remove();
  for (const entry of wanted) say(turnOf(entry.id) ?? draw(entry), entry);
  hold();
}

const shown = (id) => document.querySelector(`[data-client-id="${id}"]`);
const turns = () => [...document.querySelectorAll("[data-sending-id]")];
const turnOf = (id) => turns().find((turn) => turn.dataset.sendingId === id);

function draw(entry) {
  const turn = document.querySelector("[data-sending]").content.firstElementChild.cloneNode(true);
  turn.dataset.sendingId = entry.id;
  const parts = entry.text ? pieces(entry.text).map(node) : [sentence("answer skipped")];
  turn.querySelector("[data-text]").append(...parts);
  const place = document.querySelector("#question");
  (place.querySelector(".exchange--latest") ?? place).append(turn);
  return turn;
}

function node({ text, isCode }) {
  if (!isCode) return text.replace(/^\n+|\n+$/g, "");
  const code = Object.assign(document.createElement("pre"), { className: "turn__code", dir: "ltr", tabIndex: 0 });
  code.append(Object.assign(document.createElement("code"), { textContent: text }));
  return code;
}

function say(turn, entry) {
  const state = isOurs() ? (states.get(entry.id) ?? { name: "sending" }) : { name: "elsewhere" };
  const mark = turn.querySelector("[data-mark]");
  const words = wordsFor(state, saved.get(entry.id)?.when);
  if (mark.textContent !== words) mark.textContent = words;
  mark.classList.toggle("turn__mark--plain", state.name !== "saved");
  turn.querySelector("[data-tries]").hidden = ["sending", "saved", "elsewhere"].includes(state.name);
}

function wordsFor({ name, until }, when) {
  const seconds = Math.max(1, Math.ceil((until - Date.now()) / 1000));
  return sentence(`answer ${name}`, { time: when, seconds });
}

// While an answer is on its way, what is written is a note for the next one.
function hold() {
  const form = document.querySelector("form.composer");
  if (!form) return;
  const pending = pendingFor(form.elements.in_reply_to?.value);
  form.toggleAttribute("data-is-held", Boolean(pending));
  if (pending && whole(form) === pending.text) fill(form, "");
  for (const button of form.querySelectorAll(".composer__send, .composer__skip")) {
    button.setAttribute("aria-disabled", String(Boolean(pending) || !isOurs()));
  }
  form.querySelector("[data-on-its-way]").hidden = !pending;
}

function pressed({ target }) {
  const button = target.closest("[data-try]");
  const id = button?.closest("[data-sending-id]")?.dataset.sendingId;
  if (!id || !isOurs()) return;
  if (button.dataset.try === "now") now();
  if (button.dataset.try === "copy") copy(entries().find((entry) => entry.id === id)?.text ?? "", button);
  if (button.dataset.try === "edit") {
    const entry = entries().find((one) => one.id === id);
    if (entry) onEdit(entry);
    take(id);
    states.delete(id);
    showSending();
  }
}

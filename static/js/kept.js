// Drafts on this device, one for each question, as long as the server does not have them; and the line that says so.

import { composer, fill, original, questionOf as questionFor, whole } from "./answer.js";
import { copy } from "./copy.js";
import { all, drop, put } from "./store.js";
import { at, say } from "./words.js";

const prefix = (session) => `iv:d:v1:${session}:`;
const questionOf = (form) => questionFor(form) || "notes";

// Whether it is kept, or need not be. What is for an earlier question is kept here, too, when the server has it: another
// device may put there what it writes under the open one.
export function keepHere(session, form, isNew) {
  const key = prefix(session) + questionOf(form);
  const text = whole(form);
  if ((isNew || form.dataset.for) && text.trim()) return put(key, { text, question: questionOf(form), base: Number(form.elements.revision.value) });
  drop(key);
  return true;
}

export const forget = (session, question) => drop(prefix(session) + question);

// An answer that was refused where there is no field: it waits for one.
export function keepFor(session, { id, text, question }) {
  if (text.trim()) put(prefix(session) + id, { text, question, base: 0 });
}

export const left = (session) => all(prefix(session)).map(([, { text }]) => text).filter((text) => text.trim());

// Put the newest text of this device into the field; true when it did. One that may be older than what the server has,
// or was for another question, is offered instead.
export function putBack(session, form, isTyped) {
  const isFree = !isTyped || whole(form) === form.restored;
  let isBack = false;
  for (const [key, draft] of all(prefix(session))) {
    const isElsewhere = key !== prefix(session) + questionOf(form);
    if (draft.text.trim() === whole(form).trim()) {
      if ((!isTyped || isElsewhere) && !form.dataset.for) drop(key); // the server has it, or it goes on under its new question
    } else if (isFree && belongs(draft, form)) {
      fill(form, (form.restored = draft.text));
      isBack = true;
      if (isElsewhere) drop(key);
    } else if (draft.question !== questionOf(form) || isFree) {
      offer(form, key, draft);
    }
  }
  return isBack;
}

function belongs({ question, base }, form) {
  if (question !== questionOf(form) && question !== "notes") return false;
  return !original(form).trim() || base >= Number(form.elements.revision.value);
}

function offer(form, key, draft) {
  const place = form.querySelector("[data-offer]");
  place.hidden = false;
  place.querySelector("[data-text]").textContent = draft.text;
  place.onclick = ({ target }) => {
    const choice = target.closest("[data-take]")?.dataset.take;
    if (!choice) return;
    drop(key);
    place.hidden = true;
    if (choice === "use") join(form.elements.content, draft.text);
  };
}

export function join(field, text) {
  field.value = field.value.trim() ? `${field.value}\n\n${text}` : text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// What is true of the text in the field now. Only the server's word is shown as saved.
export function showState(kind) {
  const [saved, kept, stale] = ["[data-saved]", "[data-kept]", "[data-not-saved]"].map((name) => document.querySelector(name));
  if (!saved) return;
  saved.hidden = kind !== "server";
  stale.hidden = kind !== "stale";
  kept.hidden = !["saving", "device", "nowhere"].includes(kind);
  if (kind === "server") saved.textContent = say("draft server", { time: at() });
  if (kept.hidden) return;
  kept.textContent = say(`draft ${kind}`);
  if (kind === "nowhere") kept.append(" ", copyButton());
}

function copyButton() {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: say("copy text") });
  button.className = "button button--small";
  button.addEventListener("click", () => copy(whole(composer()), button));
  return button;
}

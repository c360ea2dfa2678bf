// The answer in the composer, as one text: the prose, and behind it the code of the workspace where there is one.

import { join, split } from "./fences.js";

export const composer = () => document.querySelector("form.composer");

export const isAnswer = ({ form, name }) =>
  Boolean(form) && form === composer() && ["content", "code", "language"].includes(name);

export function whole({ elements: { content, code, language } }) {
  return code ? join(content.value, code.value, language.value) : content.value;
}

// What the server wrote into the page.
export function original({ elements: { content, code, language } }) {
  if (!code) return content.defaultValue;
  const chosen = [...language.options].find((option) => option.defaultSelected) ?? language.options[0];
  return join(content.defaultValue, code.defaultValue, chosen.value);
}

// The language stays when there is no code that says another.
export function fill({ elements: { content, code, language } }, text) {
  if (!code) return set(content, text);
  const parts = split(text, [...language.options].map((option) => option.value));
  if (parts.code) language.value = parts.language;
  set(content, parts.prose);
  set(code, parts.code);
  code.dispatchEvent(new Event("filled", { bubbles: true }));
}

function set(field, text) {
  if (field.value !== text) field.value = text;
}

// Whether all of a text can be read there. Its fences, its backticks and where its lines end are not shown.
const bare = (text) => text.replace(/[\s`]+/g, "");

export const isIn = (place, text) =>
  text.split(/^ {0,3}`{3,}.*$/m).every((part) => bare(place.textContent).includes(bare(part)));

// The question that the text was written under: an earlier one until somebody says, by a key or a button, that it is
// for the open one. A note is for the next, which has no name yet.
export const questionOf = (form) =>
  form.hasAttribute("data-is-held") ? "" : form.dataset.for || (form.elements.in_reply_to?.value ?? "");

export function writtenFor(form, question) {
  if (question) form.dataset.for = question;
  else delete form.dataset.for;
  const line = form.querySelector("[data-for-another]");
  line.hidden = !question || question === form.elements.in_reply_to?.value;
}

// What is in the fields and where the caret is, to be put into the page that comes. ``question`` is the one it is meant
// for; a note is for none.
export function held(form) {
  const { content, code, language } = form.elements;
  const fields = [content, code].filter(Boolean).map((field) => ({
    id: field.id,
    value: field.value,
    caret: [field.selectionStart, field.selectionEnd],
    scroll: [field.scrollTop, field.scrollLeft],
    isFocused: document.activeElement === field,
  }));
  const question = form.matches("[data-is-held], [data-is-told]") ? "" : (form.elements.in_reply_to?.value ?? "");
  const changed = whole(form) !== original(form);
  return { fields, question, writtenFor: form.dataset.for, whole: whole(form), changed, language: language?.value };
}

export function putBackInto(form, { fields, changed, language }) {
  if (language !== undefined && form.elements.language && (changed || !form.elements.code.value)) {
    form.elements.language.value = language;
  }
  for (const { id, value, caret, scroll, isFocused } of fields) {
    const field = document.getElementById(id);
    if (!field) continue;
    if (changed) field.value = value;
    if (!isFocused) continue;
    field.focus({ preventScroll: true });
    if (changed) field.setSelectionRange(...caret);
    [field.scrollTop, field.scrollLeft] = scroll;
  }
}

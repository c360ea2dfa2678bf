// Sending by script: the answer is written down, shown and sent while the page stays. What is refused comes back into
// the field. Without scripts the same form posts itself.

import { fill, whole, writtenFor } from "./answer.js";
import { isOffline } from "./banner.js";
import { forOpen, idle, keepLocal, save } from "./draft.js";
import { join } from "./kept.js";
import { add, now } from "./outbox.js";
import { pendingFor, showSending } from "./sending.js";
import { announce } from "./speech.js";
import { leads } from "./tabs.js";
import { say } from "./words.js";

const HINT_FROM = 0.9; // of the longest answer

let onPause = () => {};

// ``pause()`` is what the button does that pauses.
export function takeOver({ pause }) {
  onPause = pause;
  document.addEventListener("submit", submitted);
  document.addEventListener("keydown", pressed);
  document.addEventListener("input", ({ target }) => target.id === "content" && count(target));
}

function submitted(event) {
  const { target: form, submitter } = event;
  if (form.closest("dialog") || !form.closest("[data-room], .bar")) return;
  const isComposer = form.matches("form.composer");
  const isPause = form.action.endsWith("/pause");
  if (isComposer || isPause || !leads() || isOffline()) event.preventDefault();
  if (!leads()) return announce(document.querySelector("#elsewhere p").textContent.trim());
  if (isPause) return onPause();
  if (!isComposer) return isOffline() && tell(say("needs the connection"));
  if (isDraft(form, submitter)) return save();
  return send(form, submitter);
}

const isDraft = (form, submitter) => (submitter?.formAction || form.action).endsWith("/draft");

function send(form, submitter) {
  const { content, in_reply_to: question } = form.elements;
  const text = whole(form);
  const skip = submitter?.name === "skip";
  if (pendingFor(question.value)) return tell(say("still on its way"));
  if (!skip && !text.trim()) return tell(say("nothing written"));
  const mode = new FormData(form).get("mode") ?? "text";
  add({ question: question.value, text, mode, skip });
  fill(form, "");
  forOpen(form);
  tell("");
  keepLocal(); // the outbox has it now
  showSending();
  content.focus({ preventScroll: true });
  return idle().then(now); // never overtaken by its own draft
}

// Refused, or to be changed: in the field again, before anything else that was written meanwhile.
export function giveBack({ text, question }, why) {
  const field = document.querySelector("#content");
  if (why) tell(say("given back", { why }));
  if (!field) return false;
  field.form.removeAttribute("data-is-held"); // it is the answer again, and is kept as such
  const since = whole(field.form);
  if (why) field.form.dataset.isTold = ""; // why it is here
  fill(field.form, text);
  if (since.trim() && since.trim() !== text.trim()) join(field, since);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (!since.trim()) writtenFor(field.form, question);
  keepLocal();
  return true;
}

export function tell(words) {
  const place = document.querySelector("#notice");
  place.replaceChildren();
  if (!words) return;
  const line = Object.assign(document.createElement("p"), { className: "notice notice--warning", textContent: words });
  place.append(line);
}

// Ctrl or ⌘ with Enter sends, Enter alone begins a line; the other way round where the person chose that, and not by touch.
function pressed(event) {
  const { target: field, key, ctrlKey, metaKey, shiftKey, isComposing } = event;
  const isCode = field.id === "code"; // there Enter alone is a new line for everybody
  if (!(isCode || field.id === "content") || key !== "Enter" || isComposing || shiftKey) return;
  const sendsAlone = !isCode && document.documentElement.dataset.enter === "send" && !matchMedia("(pointer: coarse)").matches;
  const isWithKey = (ctrlKey || metaKey) && document.documentElement.dataset.shortcuts !== "off";
  if (!isWithKey && !sendsAlone) return;
  event.preventDefault();
  if (isWithKey && sendsAlone) {
    field.setRangeText("\n", field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return;
  }
  const button = field.form.querySelector(".composer__send");
  if (button) field.form.requestSubmit(button);
}

function count(field) {
  const line = document.querySelector("[data-length]");
  const left = field.maxLength - field.value.length;
  line.hidden = field.value.length < field.maxLength * HINT_FROM;
  line.textContent = say("characters left", { number: left });
}

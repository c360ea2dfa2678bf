// One tab of a browser writes: the one that was used last. The others show what happens and offer "Use this one".
// By storage events, since locks are missing on plain HTTP. Without storage every tab writes; the server keeps order.

import { drop, get, newId, put } from "./store.js";

const me = newId();
let key = "";
let isLeading = true;
let onChange = () => {};

export const leads = () => isLeading;

// ``changed(isLeading)`` hears of every change.
export function join(session, changed) {
  [key, onChange] = [`iv:t:v1:${session}`, changed];
  addEventListener("storage", (event) => event.key === key && look());
  addEventListener("pagehide", () => get(key)?.tab === me && drop(key));
  addEventListener("pageshow", (event) => event.persisted && claim());
  claim();
}

export function claim() {
  put(key, { tab: me });
  look();
}

// What is stored now, not what the event says: of two tabs that claimed at once both come to the same.
function look() {
  const current = get(key)?.tab;
  if (!current && document.visibilityState === "visible") return claim();
  const was = isLeading;
  isLeading = !current || current === me;
  if (was !== isLeading) onChange(isLeading);
}

// ``mayWrite`` is false also while the turn is being taken.
export function showTabs(mayWrite) {
  const place = document.querySelector("#elsewhere");
  if (isLeading) place.replaceChildren();
  else if (!place.firstChild) place.append(document.querySelector("[data-elsewhere]").content.cloneNode(true));
  for (const field of document.querySelectorAll("#content, #code")) field.readOnly = !mayWrite;
  for (const button of document.querySelectorAll("[data-pause], .composer__save")) button.ariaDisabled = String(!isLeading);
}

// The room, live: the question grows as it is written, and what changed elsewhere is shown without a reload.
// The server renders everything; this only asks for the page again and puts it in, so that there is one way it looks.

import { showClock } from "./clock.js";
import { flush, leaving, watch } from "./draft.js";
import { remember, restore } from "./place.js";
import { learn, speak } from "./speech.js";
import { follow } from "./stream.js";

const AGAIN_MS = 3000;

const grid = () => document.querySelector("[data-room]");
const status = document.querySelector("#connection");
let partial = { attempt: 0, text: [] };
let refreshing = null;
let again = false;
let held = null;

function start() {
  const room = grid();
  if (!room || room.dataset.live !== "yes") return;
  learn(room);
  showClock(() => flush().then(refresh)); // what is written at the deadline still counts
  watch(room.dataset.room);
  const text = document.querySelector("[data-partial]");
  if (text) partial = { attempt: Number(room.dataset.attempt), text: [...room.dataset.partialText] };
  follow({ session: room.dataset.room, cursor: room.dataset.cursor, onFrame, onState });
}

function onFrame(event, data) {
  if (event === "message.delta") return grow(data);
  if (event === "operation.started") partial = { attempt: data.attempt, text: [] };
  return refresh();
}

function onState(state) {
  const words = {
    live: "",
    reconnecting: "Reconnecting… you can keep writing.",
    "signed out": "You have been signed out. Your text is still here; sign in again in another tab, then send it.",
    gone: "",
  };
  if (!status) return;
  status.dataset.state = state;
  if (status.textContent !== words[state]) status.textContent = words[state];
}

// Offsets count characters as Python does, code points; so does a spread string.
function grow({ attempt, offset, text }) {
  if (attempt !== partial.attempt) partial = { attempt, text: [] };
  partial.text = [...partial.text.slice(0, offset), ...text];
  const place = document.querySelector("[data-partial]");
  if (place) {
    place.hidden = false;
    place.textContent = partial.text.join("");
  } else {
    refresh();
  }
}

// One at a time; a change that comes meanwhile asks for one more.
async function refresh() {
  if (leaving()) return;
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = (async () => {
    do {
      again = false;
      await load();
    } while (again);
  })();
  // The frame that asked for it does not come twice, so a page that could not be had is asked for again.
  await refreshing.catch(() => setTimeout(refresh, AGAIN_MS));
  refreshing = null;
}

async function load() {
  const headers = { Accept: "text/html", "X-Room": "refresh" };
  const response = await fetch(location.pathname + location.search, { headers });
  if (response.status >= 500) throw new Error(String(response.status));
  if (!response.ok) return;
  if (response.redirected && new URL(response.url).pathname !== location.pathname) {
    location.assign(response.url);
    return;
  }
  if (leaving()) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const next = page.querySelector("[data-room]");
  if (!next) return;
  held = keep() ?? held; // a paused room has no field; what was typed waits until there is one again
  const place = remember();
  grid().replaceWith(next);
  const bar = page.querySelector(".bar");
  if (bar) document.querySelector(".bar").replaceWith(bar);
  document.title = page.title;
  if (document.querySelector("#content")) {
    give(held);
    held = null;
  }
  if (next.dataset.live !== "yes") giveBack(held);
  restore(place);
  showClock();
  speak(next);
}

// What is being typed stays in the field, whatever the page that came says: it is newer than anything stored.
function keep() {
  const field = document.querySelector("#content");
  if (!field) return null;
  const { value, defaultValue, selectionStart, selectionEnd, scrollTop } = field;
  const isFocused = document.activeElement === field;
  return { value, changed: value !== defaultValue, selectionStart, selectionEnd, scrollTop, isFocused };
}

// There is no field any more: what was typed and nowhere else to be seen can be copied.
function giveBack(typed) {
  if (!typed?.changed || !typed.value.trim() || grid().textContent.includes(typed.value.trim())) return;
  const copy = document.querySelector("[data-unsent]").content.cloneNode(true);
  copy.querySelector("textarea").value = typed.value;
  document.querySelector(".room__talk").append(copy);
  held = null;
}

function give(typed) {
  const field = document.querySelector("#content");
  if (!typed) return;
  if (typed.changed) field.value = typed.value;
  if (typed.isFocused) {
    field.focus({ preventScroll: true });
    if (typed.changed) field.setSelectionRange(typed.selectionStart, typed.selectionEnd);
    field.scrollTop = typed.scrollTop;
  }
}

start();

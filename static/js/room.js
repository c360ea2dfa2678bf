// The room, live: the question grows as it is written, and what changed elsewhere is shown without a reload.
// The server renders everything; this only asks for the page again and puts it in, so that there is one way it looks.

import { follow } from "./stream.js";

const grid = () => document.querySelector("[data-room]");
const status = document.querySelector("#connection");
let partial = { attempt: 0, text: [] };
let refreshing = null;
let again = false;
let held = null;

function start() {
  const room = grid();
  if (!room || room.dataset.live !== "yes") return;
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
  await refreshing.catch(() => {});
  refreshing = null;
}

async function load() {
  const response = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
  if (!response.ok) return;
  if (response.redirected && new URL(response.url).pathname !== location.pathname) {
    location.assign(response.url);
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const next = page.querySelector("[data-room]");
  if (!next) return;
  held = keep() ?? held; // a paused room has no field; what was typed waits until there is one again
  grid().replaceWith(next);
  for (const part of [".bar", ".messages"]) {
    const fresh = page.querySelector(part);
    const old = document.querySelector(part);
    if (fresh && old) old.replaceWith(fresh);
  }
  document.title = page.title;
  if (document.querySelector("#content")) {
    give(held);
    held = null;
  }
  announce(next.dataset.announce);
}

// What is being typed stays in the field, whatever the page that came says: it is newer than anything stored.
function keep() {
  const field = document.querySelector("#content");
  if (!field) return null;
  const { value, defaultValue, selectionStart, selectionEnd, scrollTop } = field;
  const isFocused = document.activeElement === field;
  return { value, changed: value !== defaultValue, selectionStart, selectionEnd, scrollTop, isFocused };
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

let announced = grid()?.dataset.announce;
function announce(words) {
  const region = document.querySelector("#sr-log");
  if (!region || !words || words === announced) return;
  announced = words;
  region.textContent = words;
}

start();

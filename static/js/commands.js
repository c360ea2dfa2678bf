// The menu of commands (Ctrl or ⌘ with K), the list of keys (?), what to choose from when leaving, and the time that can
// be hidden or read out. Everything in them is on the page, too.

import { call } from "./calls.js";
import { flush } from "./draft.js";
import { leads } from "./tabs.js";
import { openPart } from "./panes.js";
import { announce } from "./speech.js";

const byId = (id) => document.getElementById(id);
const allowed = () => document.documentElement.dataset.shortcuts !== "off";

const COMMANDS = {
  pause: { what: () => document.querySelector("[data-pause]"), run: (button) => button.click() },
  time: { what: () => true, run: readTime },
  question: { what: () => byId("content"), run: () => openPart("talk") },
  code: { what: () => byId("code"), run: () => openPart("code") },
  end: { what: () => document.querySelector("[data-finish]"), run: finish },
  keys: { what: allowed, run: () => byId("keys").showModal() },
};

export function prepare() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", clicked);
  document.addEventListener("submit", switched);
}

function pressed(event) {
  const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
  if (key === "Escape") closeMore();
  if (target.closest?.("#commands") && ["ArrowDown", "ArrowUp"].includes(key)) return step(event);
  if (!allowed() || altKey || !byId("commands")) return;
  if ((ctrlKey || metaKey) && !shiftKey && key.toLowerCase() === "k") {
    event.preventDefault();
    open();
  } else if (key === "?" && !ctrlKey && !metaKey && !isWriting(target) && !document.querySelector("dialog[open]")) {
    byId("keys").showModal();
  }
}

const isWriting = (target) => Boolean(target.closest?.("input, textarea, select, [contenteditable]"));

function open() {
  const dialog = byId("commands");
  if (document.querySelector("dialog[open]")) return;
  closeMore();
  for (const button of dialog.querySelectorAll("[data-command]")) {
    button.parentElement.hidden = !COMMANDS[button.dataset.command].what();
  }
  dialog.querySelector("[data-questions]").replaceChildren(...questions());
  dialog.showModal();
}

function questions() {
  return [...document.querySelectorAll(".rail__entry a")].map((link) => {
    const item = document.createElement("li");
    const copy = Object.assign(document.createElement("a"), { href: link.hash, textContent: link.lastElementChild.textContent.trim() });
    copy.className = "commands__item";
    item.append(copy);
    return item;
  });
}

function step(event) {
  const items = [...byId("commands").querySelectorAll(".commands__item")].filter((item) => item.checkVisibility());
  const at = items.indexOf(document.activeElement);
  event.preventDefault();
  items.at((at + (event.key === "ArrowDown" ? 1 : -1)) % items.length)?.focus();
}

function clicked(event) {
  const { target } = event;
  const command = target.closest("[data-command]")?.dataset.command;
  if (!target.closest(".bar__more")) closeMore();
  if (target.closest("[data-menu]")) open();
  if (target.closest("#commands a")) goTo(target.closest("a"), event);
  if (command) {
    byId("commands").close();
    const { what, run } = COMMANDS[command];
    run(what());
  }
  if (target.closest(".bar__leave") && !event.ctrlKey && !event.metaKey) leave(event);
  if (target.closest("[data-finish], .more__finish") && !event.ctrlKey && !event.metaKey) finish(target.closest("a"), event);
  if (target.closest("[data-leave=pause]")) pauseAndLeave(target.closest("button"));
}

// To the turn's heading, and the focus with it: the place alone can have none.
function goTo({ hash }, event) {
  event.preventDefault();
  byId("commands").close();
  for (const fold of document.querySelectorAll("details.earlier")) fold.open = true;
  location.hash = hash;
  const heading = document.querySelector(`${hash} .turn__head`);
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

const closeMore = () => document.querySelector(".bar__more[open]")?.removeAttribute("open");

// While the interview goes on there is a choice; else the link is a link.
function leave(event) {
  if (!document.querySelector("[data-pause]") || !leads()) return;
  event.preventDefault();
  byId("leave").showModal();
}

// The page that asks whether to finish says what is unsent, so the server has to know it.
async function finish({ href }, event) {
  event?.preventDefault();
  await flush();
  location.assign(href);
}

async function pauseAndLeave(button) {
  button.ariaDisabled = "true";
  await flush();
  const answer = await call("PUT", `/sessions/${document.querySelector("[data-room]").dataset.room}/pause`, { body: {} });
  button.ariaDisabled = "false";
  const { notPaused, to } = byId("leave").dataset;
  if (answer.kind === "ok") return location.assign(to);
  byId("leave").querySelector("[data-leave-says]").textContent = notPaused;
}

function readTime() {
  const time = document.querySelector(".timer");
  announce(time ? time.textContent.replace(/\s+/g, " ").trim() : byId("commands").dataset.noTime);
}

// Kept with the account or in a cookie; the page need not come again for that.
function switched(event) {
  const { target: form, submitter } = event;
  if (!form.matches("[data-timer-switch]")) return;
  event.preventDefault();
  document.documentElement.dataset.timer = submitter.value;
  const body = new FormData(form, submitter);
  fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
  form.querySelector(`button:not([value="${submitter.value}"])`)?.focus();
}

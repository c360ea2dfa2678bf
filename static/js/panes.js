// The parts of the room: tabs on a narrow screen, a side whose width can be set on a wide one, and a composer that stays
// in sight below a question that is longer than the screen. Without scripts the tabs are links down the page.

import { get, put } from "./store.js";

const [LEAST, MOST, STEP] = [320, 720, 16]; // px
const KEY = "iv:side";

const root = document.documentElement;

export function prepare() {
  root.dataset.pane = "talk";
  setWidth(get(KEY)?.width);
  document.addEventListener("click", ({ target }) => chosen(target.closest("a[href^='#']")));
  document.addEventListener("pointerdown", grabbed);
  document.addEventListener("keydown", moved);
  addEventListener("resize", fit);
}

// A page came.
export function showPanes() {
  showTab();
  const handle = document.querySelector("[data-resize]");
  if (handle) Object.assign(handle, { hidden: false, ariaValueNow: String(Math.round(width())) });
  fit();
}

// A link to a place in another part opens that part.
function chosen(link) {
  const place = link && document.getElementById(link.hash.slice(1));
  const pane = place?.closest("[data-part]")?.dataset.part;
  if (!pane) return;
  root.dataset.pane = pane;
  showTab();
}

function showTab() {
  for (const link of document.querySelectorAll("[data-tab]")) {
    if (link.dataset.tab === root.dataset.pane) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

export function openPart(name) {
  document.querySelector(`[data-tab="${name}"]`)?.click();
  const place = document.querySelector(name === "code" ? "#code" : "#content");
  place?.focus();
}

const side = () => document.querySelector(".room__side");
const width = () => side()?.getBoundingClientRect().width ?? 0;

function setWidth(pixels) {
  if (!pixels) return;
  const fitting = Math.min(MOST, Math.max(LEAST, pixels));
  root.style.setProperty("--side", `${fitting}px`);
  document.querySelector("[data-resize]")?.setAttribute("aria-valuenow", Math.round(fitting));
  put(KEY, { width: fitting });
}

function grabbed(event) {
  const handle = event.target.closest?.("[data-resize]");
  if (!handle) return;
  event.preventDefault();
  const [start, before, sign] = [event.clientX, width(), direction()];
  const drag = ({ clientX }) => setWidth(before + sign * (start - clientX));
  const drop = () => handle.removeEventListener("pointermove", drag);
  handle.setPointerCapture(event.pointerId);
  handle.addEventListener("pointermove", drag);
  handle.addEventListener("lostpointercapture", drop, { once: true });
}

function moved(event) {
  if (!event.target.matches?.("[data-resize]")) return;
  const step = { ArrowLeft: STEP * direction(), ArrowRight: -STEP * direction() }[event.key];
  const next = { Home: LEAST, End: MOST }[event.key] ?? (step && width() + step);
  if (!next) return;
  event.preventDefault();
  setWidth(next);
}

// The side is at the end of the line: a drag towards its start widens it.
const direction = () => (getComputedStyle(root).direction === "rtl" ? -1 : 1);

function fit() {
  const question = document.querySelector("#question");
  const form = document.querySelector("form.composer");
  if (question) form?.toggleAttribute("data-stays", question.offsetHeight > innerHeight);
}

// The workspace for code: a plain text field with line numbers, where Tab indents. Esc and then Tab leaves it.

import { copy } from "./copy.js";
import { announce } from "./speech.js";

const INDENT = "    ";
let mayLeave = false;

const isCode = ({ id }) => id === "code";

export function prepare() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("focusout", () => (mayLeave = false));
  for (const event of ["input", "filled", "click", "keyup", "select"]) {
    document.addEventListener(event, ({ target }) => isCode(target) && draw(target));
  }
  document.addEventListener("scroll", ({ target }) => target.id === "code" && follow(target), true);
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-code-block]")) addBlock();
    const button = target.closest("[data-copy-code]");
    if (button) copy(button.parentElement.querySelector("code").textContent, button);
  });
}

// A page came: its numbers are drawn.
export function showCode() {
  const field = document.querySelector("#code");
  if (field) draw(field);
}

function draw(field) {
  const lines = field.value.split("\n").length;
  const at = field.value.slice(0, field.selectionStart).split("\n").length;
  const gutter = document.querySelector("[data-lines]");
  if (gutter.childElementCount !== lines) {
    gutter.replaceChildren(...Array.from({ length: lines }, (_, line) => numbered(line + 1)));
  }
  gutter.querySelector("[data-now]")?.removeAttribute("data-now");
  gutter.children[at - 1].setAttribute("data-now", "");
  field.style.setProperty("--at", at - 1);
  follow(field);
  const said = document.querySelector("[data-code-lines]");
  if (said) said.hidden = !field.value.trim();
}

function numbered(number) {
  return Object.assign(document.createElement("span"), { textContent: number });
}

function follow(field) {
  document.querySelector("[data-lines]").scrollTop = field.scrollTop;
}

function pressed(event) {
  const { target: field, key, shiftKey, ctrlKey, metaKey, altKey, isComposing } = event;
  if (!isCode(field) || isComposing || ctrlKey || metaKey || altKey || field.readOnly) return;
  if (key === "Escape") return letGo(field);
  if (key === "Tab" && mayLeave) return;
  if (key !== "Shift") mayLeave = false;
  if (key !== "Tab" && key !== "Enter") return;
  event.preventDefault();
  if (key === "Enter") newLine(field);
  else if (shiftKey || spansLines(field)) shift(field, shiftKey);
  else write(field, INDENT.slice(column(field) % INDENT.length));
}

function letGo(field) {
  mayLeave = true;
  announce(field.dataset.leaves);
}

const lineStart = ({ value }, at) => value.lastIndexOf("\n", at - 1) + 1;
const column = (field) => field.selectionStart - lineStart(field, field.selectionStart);
const spansLines = ({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd).includes("\n");

function indentation(field) {
  const start = lineStart(field, field.selectionStart);
  return field.value.slice(start, field.selectionStart).match(/^[ \t]*/)[0];
}

function newLine(field) {
  write(field, `\n${indentation(field)}`);
  field.scrollLeft = 0; // else the lines stay where the end of a long one was
}

// Every line of the selection further in, or back.
function shift(field, isBack) {
  const [from, to] = [field.selectionStart, field.selectionEnd];
  const start = lineStart(field, from);
  const lines = field.value.slice(start, to).split("\n");
  const moved = lines.map((line) => (isBack ? line.replace(/^(\t| {1,4})/, "") : line && INDENT + line));
  const text = moved.join("\n");
  if (text === lines.join("\n")) return;
  const first = moved[0].length - lines[0].length;
  field.setSelectionRange(start, to);
  write(field, text);
  field.setSelectionRange(Math.max(start, from + first), start + text.length);
  draw(field);
}

// As if it was typed, so that it can be undone; where the browser cannot do that, without.
function write(field, text) {
  field.focus({ preventScroll: true });
  if (text ? document.execCommand("insertText", false, text) : document.execCommand("delete")) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// A fenced block around what is selected in the answer, with the caret inside.
function addBlock() {
  const field = document.querySelector("#content");
  if (!field || field.readOnly) return;
  const { value, selectionStart: from, selectionEnd: to } = field;
  const before = value.slice(0, from);
  const gap = !before ? "" : before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  const code = value.slice(from, to);
  write(field, `${gap}\`\`\`\n${code}\n\`\`\`\n`);
  const inside = from + gap.length + 4 + code.length;
  field.setSelectionRange(inside, inside);
}

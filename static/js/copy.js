// Into the clipboard; where the browser does not let pages do that, as on plain HTTP, by the older way.

import { say } from "./words.js";

export async function copy(text, button) {
  const words = button.textContent;
  button.textContent = (await written(text)) ? say("copied") : say("copy by hand");
  setTimeout(() => (button.textContent = words), 2000);
}

async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return byHand(text);
  }
}

function byHand(text) {
  const had = document.activeElement;
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "vh" });
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  had?.focus({ preventScroll: true });
  return isDone;
}

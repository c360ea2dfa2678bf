// Signing in again without leaving the page: the sign-in form of the site in a dialog, so that what is typed stays.

import { say as sentence } from "./words.js";

let onDone = () => {};

export function prepare(done) {
  onDone = done;
  const dialog = document.querySelector("#sign-in");
  dialog.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    event.preventDefault();
    send(event.target);
  });
}

export async function askToSignIn() {
  const dialog = document.querySelector("#sign-in");
  if (dialog.open) return;
  dialog.showModal();
  await load(dialog.dataset.address);
}

// Where it leads afterwards is this room; being led there means that the person is in, and may see it.
async function load(address, form) {
  try {
    const options = form ? { method: "POST", body: new FormData(form) } : {};
    const response = await fetch(address, { ...options, headers: { Accept: "text/html" } });
    const isIn = new URL(response.url).pathname === location.pathname;
    if (isIn && response.ok) return finish();
    if (isIn && response.status === 404) return say(sentence("sign-in wrong"));
    return fill(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    return say(sentence("sign-in lost"));
  }
}

function send(form) {
  const button = form.querySelector("[type=submit]");
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  load(form.action, form).finally(() => (button.ariaDisabled = "false"));
}

function fill(page) {
  const form = page.querySelector("form[method=post][action*=login]");
  if (!form) return say(page.querySelector("main")?.textContent.trim() || sentence("sign-in lost"));
  say("");
  document.querySelector("[data-sign-in]").replaceChildren(document.importNode(form, true));
  const wrong = document.querySelector("#sign-in [aria-invalid=true]");
  (wrong ?? document.querySelector("#sign-in input:not([type=hidden])"))?.focus();
}

function say(words) {
  document.querySelector("[data-sign-in-says]").textContent = words;
}

function finish() {
  document.querySelector("[data-sign-in]").replaceChildren();
  document.querySelector("#sign-in").close();
  onDone();
}

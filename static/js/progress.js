// A page about work that goes on without it: asks for itself again until the work is done, also through a restart.

import { copying } from "./copying.js";

const EVERY_MS = 2000;
const place = () => document.querySelector("[data-progress]");

async function look() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  place().replaceWith(page.querySelector("[data-progress]"));
  place().querySelectorAll("[data-copy]").forEach(copying);
}

function tell() {
  const told = document.querySelector("[data-told]");
  told.textContent = told.dataset.trouble;
}

async function follow() {
  while (place()?.dataset.progress === "going") {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    await look().catch(tell);
  }
}

follow();

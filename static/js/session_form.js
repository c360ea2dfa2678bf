// The session form, quicker: a template fills it at once, the estimate follows the budget, the preview stays in place.
// The server does the work in all cases; this asks it and puts in what it says. What was filled in stays on the device
// until an interview was made of it.

import { keepForm, taken } from "./kept_form.js";

const form = document.querySelector("[data-session-form]");
const FILLED = ["time_limit_minutes", "accommodation", "planned_questions", "token_budget", "challenge_text"];

async function ask(wish) {
  const body = new FormData(form);
  for (const name of ["resume_file", "job_posting_file"]) body.delete(name);
  body.set("do", wish);
  const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function fill() {
  const page = await ask("fill");
  for (const name of FILLED) form.elements[name].value = page.getElementById(name).value;
  for (const box of form.querySelectorAll("[name=enabled_modes]")) box.checked = page.getElementById(box.id).checked;
  estimate();
}

async function preview() {
  const shown = (await ask("preview")).querySelector("[data-preview]");
  form.querySelector("[data-preview]").replaceChildren(...shown.childNodes);
}

// The sentence in the plural form that the number has in the language of the page.
function estimate() {
  const place = form.querySelector("[data-estimate]");
  const text = form.elements.token_budget.value.trim();
  if (!/^\d{1,9}$/.test(text)) return void (place.textContent = "");
  const count = Math.max(1, Math.floor(Number(text) / Number(place.dataset.per)));
  const forms = JSON.parse(place.dataset.estimate);
  const sentence = forms[new Intl.PluralRules(document.documentElement.lang).select(count)];
  place.textContent = sentence.replace("{count}", count.toLocaleString("en"));
}

// Without the network, or after a refusal, the button does what it does without scripts.
function quick(button, act) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    act().catch(() => {
      if (document.querySelector("[data-offline]:not(:empty)")) return; // it says why; what was entered stays
      const plain = document.createElement("input");
      Object.assign(plain, { type: "hidden", name: "do", value: button.value });
      form.append(plain);
      form.submit();
    });
  });
}

// There is room for the help beside the form's beginning; who folds it away keeps it folded.
function unfoldHelp() {
  document.querySelector("[data-wide-open]").open = matchMedia("(width >= 64rem)").matches;
}

function enhance() {
  unfoldHelp();
  keepForm(form, document.querySelector("[data-kept-note]"));
  const use = form.querySelector("button[value=fill]");
  quick(use, fill);
  quick(form.querySelector("button[value=preview]"), preview);
  form.elements.template_id.addEventListener("change", () => use.click());
  form.elements.token_budget.addEventListener("input", estimate);
  form.addEventListener("submit", (event) => event.submitter?.setAttribute("aria-busy", "true"));
}

const made = document.querySelector("[data-form-taken]");
if (made) taken(made.dataset.formTaken);
if (form) enhance();

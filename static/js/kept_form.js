// What somebody has filled into a long form: on this device until it was taken, through a reload or a page that says that
// the server cannot be reached. Files, passwords and what the page itself put in are left out.

import { drop, FORMS, get, put } from "./store.js";

const LEFT_OUT = ["hidden", "file", "password", "submit", "button"];
const SILENCE_MS = 300;
let timer = 0;

const keyOf = (name) => FORMS + name;
const isBox = ({ type }) => type === "checkbox" || type === "radio";
const fieldsOf = (form) => [...form.elements].filter(({ name, type }) => name && !LEFT_OUT.includes(type));
const valuesOf = (form) => fieldsOf(form).map((field) => [field.id, isBox(field) ? field.checked : field.value]);

// ``note`` offers what is kept; who types without taking it writes over it.
export function keepForm(form, note) {
  const key = keyOf(form.dataset.keptAs);
  const given = JSON.stringify(valuesOf(form));
  const keep = () => JSON.stringify(valuesOf(form)) !== given && put(key, { values: valuesOf(form) });
  const values = get(key)?.values ?? [];
  note.hidden = !values.length || JSON.stringify(values) === given;
  note.addEventListener("click", ({ target }) => {
    const choice = target.closest("[data-take]")?.dataset.take;
    if (choice === "use") putBack(form, values);
    if (choice === "drop") drop(key);
    if (choice) note.hidden = true;
  });
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, SILENCE_MS);
  });
  addEventListener("pagehide", keep);
}

export const taken = (name) => drop(keyOf(name));

function putBack(form, values) {
  const fields = new Map(fieldsOf(form).map((field) => [field.id, field]));
  for (const [id, value] of values) {
    const field = fields.get(id);
    if (!field) continue;
    if (isBox(field)) field.checked = value;
    else field.value = value;
  }
}

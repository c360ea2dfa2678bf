// The draft, kept on the server two seconds after the last key, and before anything else is done in the room. The
// revision in the form makes sure that an older tab never overwrites a newer draft.

const SILENCE_MS = 2000;
const PATIENCE_MS = 5000;
let session = "";
let timer = 0;
let pending = Promise.resolve();
let underWay = 0;
let isStale = false;
let isLeaving = false; // a form was sent: the page that comes knows better

export function watch(id) {
  session = id;
  document.addEventListener("input", typed);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush());
  document.addEventListener("submit", before);
  addEventListener("pageshow", () => (isLeaving = false));
}

export const leaving = () => isLeaving;

// One after the other, so that revisions count upwards. Never fails: what could not be kept is tried again later.
export function flush() {
  clearTimeout(timer);
  if (isLeaving) return pending;
  underWay += 1;
  pending = pending.then(keep).catch(() => {}).finally(() => (underWay -= 1));
  return pending;
}

function typed({ target }) {
  if (target.id !== "content") return;
  show("[data-saved]", false);
  show("[data-not-saved]", isStale);
  clearTimeout(timer);
  timer = setTimeout(flush, SILENCE_MS);
}

// An answer takes the text along, and must not be overtaken by its own draft; other forms wait until the text is kept.
function before(event) {
  const { target, submitter } = event;
  if (!target.matches("form.composer") && unkept()) flush();
  isLeaving = true;
  if (!underWay) return;
  event.preventDefault();
  pending.then(() => target.requestSubmit(submitter));
}

function unkept() {
  const form = document.querySelector("form.composer");
  if (!form || isStale) return null;
  return form.elements.content.value === (form.kept ?? form.elements.content.defaultValue) ? null : form;
}

async function keep() {
  const form = unkept();
  if (!form) return;
  const text = form.elements.content.value;
  const revision = Number(form.elements.revision.value);
  const answer = await send(form, { text, revision });
  if (!answer.ok) return;
  const stored = await answer.json();
  isStale = stored.text !== text;
  if (!isStale) form.kept = text;
  form.elements.revision.value = revision + 1;
  show("[data-not-saved]", isStale);
  show("[data-saved]", !isStale && form.elements.content.value === text);
}

function send(form, draft) {
  return fetch(`/api/v1/sessions/${session}/draft`, {
    method: "PUT",
    keepalive: true,
    signal: AbortSignal.timeout(PATIENCE_MS),
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    body: JSON.stringify(draft),
  });
}

function show(what, isShown) {
  const line = document.querySelector(what);
  if (line) line.hidden = !isShown;
}

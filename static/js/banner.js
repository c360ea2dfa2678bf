// What the page says about its connection: what is wrong, that the work is safe, and what happens next.

const BACK_MS = 4000;
const WORDS = {
  slow: "Slow connection. Everything you type is kept.",
  reconnecting: "Reconnecting… you can keep writing.",
  offline: "You’re offline. Keep writing: your text is saved on this device and will be sent when you’re back.",
  trouble: "Our server has a problem. Your work is safe. Trying again…",
  "signed out": "You have been signed out. Your text is still here.",
  gone: "This interview cannot be found for the account that is signed in. Your text is still here.",
  back: "You’re back. Everything is sent.",
};
const CARRIERS = { socket: "WebSocket", events: "server-sent events", polling: "a look every few seconds" };

let state = "";
let timer = 0;
let wasAway = false;

export const isOffline = () => state === "offline" || navigator.onLine === false;

// ``isDone`` says whether nothing waits to be sent; ``onSignIn`` is what the button does.
export function show(next, { isDone = () => true, onSignIn = () => {}, carrier = "" } = {}) {
  const place = document.querySelector("#connection");
  const was = state;
  state = navigator.onLine === false && next !== "signed out" ? "offline" : next;
  place.dataset.state = state;
  if (carrier) sayCarrier(carrier);
  if (was === state) return;
  clearTimeout(timer);
  const isBack = state === "live" && wasAway && isDone();
  wasAway = state !== "live" && (wasAway || state === "offline" || state === "trouble");
  say(place, isBack ? "back" : state, onSignIn);
  if (isBack) timer = setTimeout(() => say(place, "live"), BACK_MS);
}

function say(place, what, onSignIn) {
  place.replaceChildren(...(WORDS[what] ? [WORDS[what]] : []));
  if (what !== "signed out") return;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Sign in" });
  button.className = "button button--small";
  button.addEventListener("click", onSignIn);
  place.append(" ", button);
}

// A quiet line at the side: by which way news come.
function sayCarrier(carrier) {
  document.querySelector("#connection").dataset.carrier = carrier;
  const line = document.querySelector("[data-carrier-words]");
  if (line) line.textContent = `Live by ${CARRIERS[carrier]}.`;
}

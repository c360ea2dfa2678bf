// The time left, counted down between two looks at the server, which alone decides. It never speaks: warnings do.

import { say } from "./words.js";

let end = 0;
let place = null;
let over = () => {};

export function showClock(whenOver = over) {
  over = whenOver;
  place = document.querySelector("[data-left]");
  end = place ? Date.now() + Number(place.dataset.left) : 0;
}

function tick() {
  if (!place) return;
  const left = Math.max(0, end - Date.now());
  const words = inWords(Math.floor(left / 1000));
  if (place.textContent !== words) place.textContent = words;
  if (left > 0) return;
  place = null;
  over();
}

// As the server says it: whole minutes, seconds in the last two.
function inWords(seconds) {
  return seconds < 120 ? say("seconds", { number: seconds }) : say("minutes", { number: Math.floor(seconds / 60) });
}

setInterval(tick, 1000);

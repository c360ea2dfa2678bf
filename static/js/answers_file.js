// Everything that was said and is on this page, sent or not, as a file; no server is asked.

import { composer, whole } from "./answer.js";
import { entries } from "./outbox.js";

export function offerFile() {
  document.addEventListener("click", ({ target }) => target.closest("[data-answers-file]") && save());
}

function save() {
  const url = URL.createObjectURL(new Blob([JSON.stringify(answers(), null, 2)], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: `answers-${name()}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function answers() {
  return {
    session: document.querySelector("[data-room]").dataset.room,
    title: document.querySelector(".bar__title")?.textContent.trim() ?? "",
    saved_at: new Date().toISOString(),
    earlier_turns_left_out: Number(document.querySelector("[data-hidden]")?.dataset.hidden ?? 0),
    turns: [...document.querySelectorAll("article.turn[id^='m-']")].map(turn),
    unsent: entries().map(({ id, at, question, text, mode, skip }) => ({
      client_message_id: id, client_sent_at: at, in_reply_to: question, text, mode, skip,
    })),
    draft: composer() ? whole(composer()) : document.querySelector(".unsent textarea")?.value ?? "",
  };
}

function turn(article) {
  return {
    kind: article.dataset.kind,
    heading: article.querySelector("h3").firstChild.textContent.trim(),
    at: article.querySelector("time")?.dateTime ?? "",
    text: [...article.querySelectorAll(".turn__text, .turn__code")].map(words).join("\n\n"),
  };
}

function words(part) {
  const text = (part.innerText || part.textContent).trim();
  return part.matches(".turn__code") ? `\`\`\`${part.dataset.language ?? ""}\n${text}\n\`\`\`` : text;
}

const name = () => new Date().toISOString().slice(0, 16).replace(":", "");

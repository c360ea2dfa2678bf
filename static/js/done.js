// The end of an interview, live: when the report is there, the page says so without a reload.

import { follow } from "./stream.js";

const stepper = () => document.querySelector("[data-stepper]");
const OVER = ["evaluation.completed", "operation.failed", "operation.cancelled", "operation.queued", "session.updated"];
const says = document.createElement("p");

if (stepper()?.dataset.state === "scoring") {
  says.className = "vh";
  says.setAttribute("role", "status");
  stepper().before(says);
  const { stepper: session, cursor } = stepper().dataset;
  follow({ session, cursor, onFrame: (event) => OVER.includes(event) && refresh(), onState: () => {} });
}

async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const next = page.querySelector("[data-stepper]");
  if (!next) return location.reload(); // the report has taken its place
  if (next.dataset.state === stepper().dataset.state) return;
  stepper().replaceWith(next);
  says.textContent = next.querySelector("[aria-current]")?.textContent.trim() ?? "";
}

// Quotes with the pointer: select words in an answer, choose the criterion, and they are in its field. The server
// checks them like words that were pasted.

const form = document.querySelector("[data-scorecard]");
const said = document.querySelector(".scorecard__said");
if (form && said) start();
if (form && "keys" in form.dataset) listen();

// 1 to 5 choose a word, only while the focus is in a criterion and not where text is typed.
function listen() {
  form.querySelector("[data-keys-help]").hidden = false;
  for (const criterion of form.querySelectorAll("[data-criterion]")) {
    const words = [...criterion.querySelectorAll(".words input")];
    words.forEach((word, place) => word.setAttribute("aria-keyshortcuts", String(place + 1)));
    criterion.addEventListener("keydown", (event) => {
      const { key, target, ctrlKey, metaKey, altKey } = event;
      const word = /^[1-9]$/.test(key) && words[Number(key) - 1];
      if (!word || ctrlKey || metaKey || altKey || target.matches("textarea")) return;
      event.preventDefault();
      word.checked = true;
      word.focus();
    });
  }
}

function start() {
  const bar = document.createElement("div");
  bar.className = "quote-bar";
  bar.hidden = true;
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Quote the selected words for");
  for (const criterion of form.querySelectorAll("[data-criterion]")) bar.append(button(criterion, bar));
  said.append(bar);
  document.addEventListener("selectionchange", () => {
    bar.hidden = !selected();
  });
}

function button(criterion, bar) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button quiet-button";
  made.textContent = `Quote for ${criterion.querySelector("legend").firstChild.textContent.trim()}`;
  made.addEventListener("pointerdown", (event) => event.preventDefault()); // the selection stays
  made.addEventListener("click", () => {
    const words = selected();
    if (!words) return;
    const field = criterion.querySelector("[data-words]");
    field.value = [field.value.trim(), words].filter(Boolean).join("\n");
    field.closest("details").open = true;
    bar.hidden = true;
    getSelection().removeAllRanges();
    criterion.scrollIntoView({ block: "nearest" });
    field.focus({ preventScroll: true });
  });
  return made;
}

// What is selected inside one answer, as one line; nothing for a selection that leaves it.
function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return "";
  const place = selection.getRangeAt(0).commonAncestorContainer;
  const element = place.nodeType === Node.ELEMENT_NODE ? place : place.parentElement;
  return element?.closest("[data-quotable]") ? selection.toString().replace(/\s+/g, " ").trim() : "";
}

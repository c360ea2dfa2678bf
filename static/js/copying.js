// The buttons that copy a field. Where a page may not write to the clipboard, as on plain HTTP, the field is selected.

async function copied(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

export function copying(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const told = document.querySelector("[data-copied]");
    told.textContent = (await copied(document.getElementById(button.dataset.copy))) ? told.dataset.copied : told.dataset.selected;
  });
}

document.querySelectorAll("[data-copy]").forEach(copying);

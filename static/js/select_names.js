// Django's fields that search as one types are named by their value alone, and by nothing while they have none; what is
// in them says that it is a field, too. Here they get the name of their label, and the value stays a text.

function giveNames() {
  for (const value of document.querySelectorAll("[role=combobox] > .select2-selection__rendered")) {
    const select = value.closest(".select2-container").previousElementSibling;
    const label = select?.labels?.[0];
    if (!label) continue;
    label.id ||= `${select.id}-label`;
    value.parentElement.setAttribute("aria-labelledby", `${label.id} ${value.id}`);
    value.removeAttribute("role");
    value.removeAttribute("aria-readonly");
  }
}

// After Django has made them, which may be before or after the page counts as loaded.
addEventListener("DOMContentLoaded", () => window.django.jQuery(() => setTimeout(giveNames)));

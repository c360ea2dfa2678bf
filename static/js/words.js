// Times as the page writes them.

export function at(time = new Date()) {
  const hour12 = document.documentElement.dataset.clock === "12";
  return time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12 });
}

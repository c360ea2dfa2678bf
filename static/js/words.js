// What scripts say, in the page's language, and times as the page writes them.

let sentences = null; // the page's own, by name

const known = () => (sentences ??= JSON.parse(document.querySelector("#words").textContent));

// The sentence of that name, with its {values} put in. One that counts has a form for each kind of ``number``.
export function say(name, values = {}) {
  const sentence = known()[name] ?? counted(name, values.number);
  return sentence.replace(/\{(\w+)\}/g, (place, value) => values[value] ?? place);
}

// Why the API refused, by its code; what has no sentence here is said in the API's own words.
export const reason = (detail) => known()[detail?.code] ?? detail?.message;

// The page has each of these sentences for one number of every kind that its language tells apart.
function counted(name, number) {
  const { counted: forms } = known();
  const kinds = new Intl.PluralRules(document.documentElement.lang);
  const same = Object.keys(forms).find((sample) => kinds.select(Number(sample)) === kinds.select(number));
  return forms[same][name];
}

// With the digits of all other times on the page.
export function at(time = new Date()) {
  const { lang, dataset } = document.documentElement;
  const hourCycle = dataset.clock === "12" ? "h12" : "h23";
  return time.toLocaleTimeString([`${lang}-u-nu-latn`, "en"], { hour: "2-digit", minute: "2-digit", hourCycle });
}

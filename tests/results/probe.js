// Run at the end of a report by tests/results/test_report_in_browser.py: looks the page over, uses its filters as a
// reader does, and leaves what it found, as JSON, in an element of its own.
const folded = [...document.querySelectorAll("main section > details")];
const opened = folded.filter(details => details.open).map(details => details.parentElement.id);
const link = document.querySelector('nav a[href="#costs"]');
location.hash = link.hash;
dispatchEvent(new HashChangeEvent("hashchange"));
const led = folded.filter(details => details.open).map(details => details.parentElement.id);
document.querySelector('[data-all="open"]').click();
const seen = {
  opened, led, open: folded.every(details => details.open),
  dark: matchMedia("(prefers-color-scheme: dark)").matches,
  ground: getComputedStyle(document.body).backgroundColor,
  fetched: performance.getEntriesByType("resource").map(entry => entry.name),
  wide: document.documentElement.scrollWidth - innerWidth,
  charts: [...document.querySelectorAll(".chart > svg")].map(chart => ({
    title: chart.getAttribute("aria-label"),
    told: told(chart),
    marks: [...chart.querySelectorAll(".bar, .mark, .line")].filter(mark => {
      const box = mark.getBoundingClientRect();
      return box.width + box.height > 0;
    }).length,
    broken: /NaN|undefined|Infinity/.test(chart.outerHTML),
    overlaps: overlaps([...chart.querySelectorAll("text")]),
    pixels: Math.min(...[...chart.querySelectorAll("text")].map(
      text => parseFloat(getComputedStyle(text).fontSize) * chart.getBoundingClientRect().width
        / chart.viewBox.baseVal.width)),
    outside: [...chart.querySelectorAll("text, .bar, .mark")].filter(part => {
      const box = part.getBoundingClientRect(), whole = chart.getBoundingClientRect();
      return box.left < whole.left - 1 || box.right > whole.right + 1 || box.bottom > whole.bottom + 1;
    }).length,
  })),
  filtered: [],
};

// What the tip says at the pointer, at each end by keys, and after Escape.
function told(chart) {
  const tip = document.querySelector(".tip"), holder = chart.parentElement;
  const box = chart.getBoundingClientRect(), key = name => {
    holder.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
    return tip.classList.contains("seen") ? tip.innerText : "";
  };
  const at = {clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true};
  holder.dispatchEvent(new PointerEvent("pointermove", at));
  const pointed = tip.innerText, place = tip.getBoundingClientRect();
  holder.dispatchEvent(new PointerEvent("pointerleave"));
  const left = tip.classList.contains("seen");
  return {
    pointed, left, first: key("Home"), next: key("ArrowRight"), last: key("End"), gone: key("Escape"),
    inside: place.left >= 0 && place.right <= innerWidth + 1, focusable: holder.tabIndex === 0,
  };
}

function overlaps(texts) {
  const boxes = texts.map(text => text.getBoundingClientRect());
  const pairs = boxes.flatMap((a, n) => boxes.slice(0, n).map((b, m) => [a, b, n, m]));
  return pairs
    .filter(([a, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
    .map(([, , n, m]) => texts[n].textContent + " / " + texts[m].textContent);
}

const browser = document.querySelector("#paths form");
function choose(name, value) {
  browser.elements[name].value = value;
  browser.elements[name].dispatchEvent(new Event("change", {bubbles: true}));
}
const fields = ["level", "verdict", "strategy"];
const choices = Object.fromEntries(
  fields.map(name => [name, [...browser.elements[name].options].map(option => option.value)]));
for (const level of choices.level) for (const verdict of choices.verdict)
  for (const strategy of choices.strategy) {
    const wanted = {level, verdict, strategy};
    for (const name of fields) choose(name, wanted[name]);
    const left = [...document.querySelectorAll("#paths article")].filter(card => card.offsetHeight);
    seen.filtered.push({
      ...wanted,
      paths: left.map(card => card.querySelector("code").textContent),
      said: browser.querySelector("output").textContent,
    });
  }
for (const name of fields) choose(name, "");
seen.colours = {};
for (const {value} of browser.elements.by.options) {
  choose("by", value);
  const steps = document.querySelectorAll("#paths .step");
  seen.colours[value] = [...new Set([...steps].map(step => getComputedStyle(step).borderLeftColor))];
}
choose("by", browser.elements.by.options[0].value);
seen.focused = [...browser.elements].filter(field => field.name).every(field => {
  field.focus();
  return document.activeElement === field;
});
document.activeElement.blur();
const found = document.createElement("script");
found.type = "application/json";
found.id = "seen";
found.textContent = JSON.stringify(seen).replaceAll("<", "\\u003c");
document.body.append(found);

"use strict";
// Charts: the values at the pointer, or where the arrow keys are.
const tip = document.createElement("div");
tip.className = "tip";
tip.setAttribute("role", "status");
document.body.append(tip);

function show(figure, index) {
  const stop = figure.stops[index], [pixel, title, readings] = stop;
  const svg = figure.querySelector(".chart svg"), across = figure.dataset.across === "yes";
  const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
  figure.at = index;
  tip.replaceChildren(line("b", title), ...readings.map(([colour, name, text]) => {
    const row = line("span", `${name}: ${text}`);
    row.className = colour;
    return row;
  }));
  const guide = figure.guide ??= svg.appendChild(
    document.createElementNS(svg.namespaceURI, "path"));
  guide.setAttribute("class", "guide");
  const {width, height} = svg.viewBox.baseVal;
  guide.setAttribute("d", across ? `M0,${pixel}H${width}` : `M${pixel},20V${height - 40}`);
  const x = across ? box.left + width * scale / 2 : box.left + pixel * scale;
  const y = box.top + (across ? pixel : Math.min(...readings.map(r => r[3]), height / 3)) * scale;
  tip.classList.add("seen");
  const wide = tip.offsetWidth, right = x + 14 + wide < document.documentElement.clientWidth;
  const left = right ? x + 14 : Math.max(4, x - 14 - wide);
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${Math.max(4, y - 10) + scrollY}px`;
}

function line(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function hide(figure) {
  tip.classList.remove("seen");
  figure.guide?.setAttribute("d", "");
}

for (const figure of document.querySelectorAll("figure")) {
  figure.stops = JSON.parse(figure.dataset.stops);
  const chart = figure.querySelector(".chart");
  if (!figure.stops.length) continue;
  chart.addEventListener("pointermove", event => {
    const svg = chart.querySelector("svg"), box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    const at = figure.dataset.across === "yes"
      ? (event.clientY - box.top) * scale : (event.clientX - box.left) * scale;
    const far = figure.stops.map(stop => Math.abs(stop[0] - at));
    show(figure, far.indexOf(Math.min(...far)));
  });
  chart.addEventListener("pointerleave", () => hide(figure));
  chart.addEventListener("blur", () => hide(figure));
  chart.addEventListener("focus", () => {
    if (chart.matches(":focus-visible")) show(figure, figure.at ?? 0);
  });
  chart.addEventListener("keydown", event => {
    const last = figure.stops.length - 1, at = figure.at ?? 0;
    const next = {ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1,
                  Home: 0, End: last}[event.key];
    if (event.key === "Escape") hide(figure);
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(figure, Math.max(0, Math.min(last, next)));
  });
}

// Sections: a link opens what it leads to, and paper has all of them.
const folded = document.querySelectorAll("main section > details");
function openTarget() {
  const section = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const details = section?.querySelector(":scope > details");
  if (details) details.open = true;
  for (const link of document.querySelectorAll("nav a"))
    if (link.hash === location.hash) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
}
addEventListener("hashchange", openTarget);
for (const link of document.querySelectorAll("nav a"))
  link.addEventListener("click", () => { if (link.hash === location.hash) openTarget(); });
openTarget();
for (const button of document.querySelectorAll("[data-all]"))
  button.addEventListener("click", () => {
    for (const details of folded) details.open = button.dataset.all === "open";
  });
addEventListener("beforeprint", () => { for (const details of folded) details.open = true; });

// Paths: filters and colours.
const paths = document.getElementById("paths"), form = paths?.querySelector("form");
form?.addEventListener("change", () => {
  const filters = Object.fromEntries(new FormData(form));
  if (filters.by) paths.dataset.by = filters.by;
  let shown = 0;
  for (const card of paths.querySelectorAll("article")) {
    card.hidden = ["level", "verdict", "strategy"].some(
      name => filters[name] && filters[name] !== card.dataset[name]);
    shown += !card.hidden;
  }
  form.querySelector("output").textContent = shown + (shown === 1 ? " path" : " paths");
});

/* The scripts of the page, put together in one: what needs the reader's hand. Without them the page is
   complete, in French. Nothing here loads or sends anything. First: helpers, language, theme. */
const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const made = (tag, properties, ...content) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...content);
  return element;
};
const SVG = "http://www.w3.org/2000/svg";
const drawn = (tag, attributes, ...content) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
};

/* a choice survives the visit where the browser lets it */
const remembered = (name) => { try { return localStorage.getItem("acv-" + name); } catch { return null; } };
const remember = (name, value) => { try { localStorage.setItem("acv-" + name, value); } catch { /* private */ } };

/* --- words that scripts need are in the page, in both languages: say("csv") is a copy of them --- */
function say(name, values = {}) {
  const copy = one(`[data-word="${name}"]`, one("#words").content).cloneNode(true);
  const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  copy.removeAttribute("data-word");
  return copy;
}
/* an element's text, in the language shown */
const isOther = (node) => node.classList?.contains("l") && node.getAttribute("lang") !== root.lang;
const APART = ["BR", "LI", "P"];
const plain = (node) => (node.nodeType === Node.TEXT_NODE ? node.data
  : isOther(node) || node.nodeName === "svg" ? ""
  : [...node.childNodes].map(plain).join("") + (APART.includes(node.nodeName) ? " " : ""));
const textOf = (...nodes) => nodes.map(plain).join("").replace(/[ \n]+/g, " ").trim();

/* --- language: texts are in the page twice; figures and dates are written anew --- */
const NARROW = "\u202f";
const FIGURE = /^([+\u2212(]*[\d\u202f]*\d)(,\d+)?(\u202f%)?(\)?)$/;
const inEnglish = (text) => text.trim().replace(FIGURE, (_, whole, part, percent, end) =>
  whole.replaceAll(NARROW, ",") + (part ? part.replace(",", ".") : "") + (percent ? "%" : "") + end);
const written = (style) => new Intl.DateTimeFormat("en-GB", { ...style, year: "numeric", timeZone: "UTC" });
const months = written({ month: "short" }), days = written({ day: "numeric", month: "short" });
const french = new Map();

/* "sept. 2026" as "2026-09" */
const frenchMonths = (one("#departments")?.dataset.months ?? "").split(" ");
const monthKey = (text) => {
  const [name, year] = text.split(" ");
  return `${year}-${String(frenchMonths.indexOf(name) + 1).padStart(2, "0")}`;
};
const monthInEnglish = (text) => months.format(new Date(monthKey(text) + "-01"));

function write(node, english) {
  if (!french.has(node)) french.set(node, node.data);
  node.data = root.lang === "fr" ? french.get(node) : english(french.get(node));
}
function speak(language) {
  root.lang = language;
  for (const element of all(".n, table.f td")) {
    const node = element.firstChild;
    if (node && node.nodeType === Node.TEXT_NODE) write(node, inEnglish);
  }
  for (const heading of all("table.m tbody th")) write(heading.firstChild, monthInEnglish);
  for (const element of all("time")) {
    const when = element.dateTime;
    write(element.firstChild, () => (when.length > 7 ? days : months).format(new Date(when + (when.length > 7 ? "" : "-01"))));
  }
  document.title = one("title").dataset[language];
  dispatchEvent(new Event("language"));
}
const asked = new URLSearchParams(location.search).get("lang") || remembered("language");
if (asked === "en") speak("en");
one("#language").addEventListener("click", () => {
  speak(root.lang === "fr" ? "en" : "fr");
  remember("language", root.lang);
});

/* --- theme: the device's, until the reader chooses --- */
const dark = matchMedia("(prefers-color-scheme: dark)");
const shown = () => root.dataset.theme || (dark.matches ? "dark" : "light");
const tell = () => { root.dataset.shown = root.dataset.frTheme = shown(); };
const chosen = remembered("theme");
if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
tell();
dark.addEventListener("change", tell);
addEventListener("beforeprint", () => { root.dataset.frTheme = "light"; });
addEventListener("afterprint", tell);
one("#theme").addEventListener("click", () => {
  root.dataset.theme = shown() === "dark" ? "light" : "dark";
  remember("theme", root.dataset.theme);
  tell();
});
for (const element of all(".scripted")) element.hidden = false;

/* What needs the reader's hand: language, theme, sorting, searching, pointing. Without it the page is
   complete, in French. Nothing here loads or sends anything. */
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  /* a choice survives the visit where the browser lets it */
  const remembered = (name) => { try { return localStorage.getItem("acv-" + name); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem("acv-" + name, value); } catch { /* private */ } };

  /* --- language: texts are in the page twice; figures and dates are written anew --- */
  const NARROW = "\u202f";
  const FIGURE = /^([+\u2212(]*[\d\u202f]*\d)(,\d+)?(\u202f%)?(\)?)$/;
  const inEnglish = (text) => text.trim().replace(FIGURE, (_, whole, part, percent, end) =>
    whole.replaceAll(NARROW, ",") + (part ? part.replace(",", ".") : "") + (percent ? "%" : "") + end);
  const months = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
  const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const french = new Map();

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
    for (const element of all("time")) {
      const when = element.dateTime;
      write(element.firstChild, () => (when.length > 7 ? days : months).format(new Date(when + (when.length > 7 ? "" : "-01"))));
    }
    document.title = one("title").dataset[language];
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
  const tell = () => { root.dataset.shown = shown(); };
  const chosen = remembered("theme");
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  tell();
  dark.addEventListener("change", tell);
  one("#theme").addEventListener("click", () => {
    root.dataset.theme = shown() === "dark" ? "light" : "dark";
    remember("theme", root.dataset.theme);
    tell();
  });
  for (const element of all(".controls, .search, .measures")) element.hidden = false;

  /* --- tables: sorted by a button in each heading; rows without a figure stay last --- */
  const cellValue = (row, column) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();
  function sort(table, column, direction) {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, value: cellValue(row, column) }));
    const numeric = rows.every(({ value }) => value === "" || !Number.isNaN(Number(value)));
    const compare = numeric ? (a, b) => a - b : (a, b) => a.localeCompare(b, "fr");
    rows.sort((a, b) => (a.value === "") - (b.value === "") || direction * compare(a.value, b.value));
    body.append(...rows.map(({ row }) => row));
  }
  for (const table of all("table.sortable")) {
    all("thead th", table).forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const ascending = heading.getAttribute("aria-sort") !== "ascending";
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        sort(table, column, ascending ? 1 : -1);
      });
    });
  }

  /* --- search: letters alone count, whatever their case and accents --- */
  const letters = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  for (const input of all("input[type=search]")) {
    const rows = [...document.getElementById(input.dataset.table).tBodies[0].rows];
    const places = rows.map((row) => letters(row.cells[1].textContent + " " + row.cells[2].textContent));
    input.addEventListener("input", () => {
      const wanted = letters(input.value).trim();
      rows.forEach((row, i) => { row.hidden = !places[i].includes(wanted); });
      one(`[data-shown="${input.dataset.table}"]`).textContent = rows.filter((row) => !row.hidden).length;
    });
  }

  /* --- map: the chosen measure; a département pointed at is read out of the ranking --- */
  const visible = (cell) => [...cell.childNodes]
    .filter((node) => node.nodeType === Node.TEXT_NODE || getComputedStyle(node).display !== "none")
    .map((node) => (node.nodeType === Node.TEXT_NODE || !one(".l", node) ? node.textContent : visible(node)))
    .join("").replace(/[ \n]+/g, " ").trim();
  const headings = (table) => all("thead th", table).map(visible);
  for (const atlas of all(".atlas")) {
    for (const radio of all("input[type=radio]", atlas)) {
      radio.addEventListener("change", () => { atlas.dataset.measure = radio.value; });
    }
    const readout = one(".readout", atlas);
    const table = document.getElementById(atlas.dataset.table);
    readout.hidden = false;
    all(".map use", atlas).forEach((shape) => shape.addEventListener("pointerenter", () => {
      all(".map .on", atlas).forEach((other) => other.classList.remove("on"));
      shape.classList.add("on");
      shape.parentNode.append(shape);
      const row = one(`tr[data-code="${shape.dataset.code}"]`, table);
      const link = document.createElement("a");
      link.href = "#d" + shape.dataset.code;
      link.tabIndex = -1;
      link.textContent = row ? visible(row.cells[1]) : shape.dataset.code;
      const said = row ? [3, 6, 0].map((i) => `${headings(table)[i]} ${visible(row.cells[i])}`).join(" · ") : "–";
      readout.replaceChildren(link, " · " + said);
    }));
  }

  /* --- charts: the month pointed at is read out of the table --- */
  for (const chart of all("figure.chart")) {
    const table = document.getElementById(chart.dataset.table);
    const readout = one(".readout", chart);
    const guide = document.createElement("div");
    guide.className = "guide";
    guide.hidden = true;
    chart.append(guide);
    const hide = () => { guide.hidden = readout.hidden = true; };
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("pointermove", (event) => {
      const svg = event.target.closest("svg.wide, svg.narrow");
      if (!svg) return hide();
      const { first, count, left, width } = svg.dataset;
      const box = svg.getBoundingClientRect(), outer = chart.getBoundingClientRect();
      const scale = box.width / svg.viewBox.baseVal.width;
      const place = Math.floor(((event.clientX - box.left) / scale - left) / width * count);
      if (place < 0 || place >= count) return hide();
      const [year, month] = first.split("-").map(Number);
      const key = new Date(Date.UTC(year, month - 1 + place, 1)).toISOString().slice(0, 7);
      const row = [...table.tBodies[0].rows].find((r) => r.dataset.from <= key && key <= r.dataset.to);
      if (!row) return hide();
      const names = headings(table);
      readout.textContent = [...row.cells].map((cell, i) => [i, visible(cell)])
        .filter(([i, said]) => i === 0 || said !== "–").map(([i, said]) => (i ? `${names[i]} ${said}` : said)).join(" · ");
      readout.hidden = guide.hidden = false;
      const x = box.left - outer.left + (Number(left) + (place + 1) * width / count) * scale;
      guide.style.cssText = `left:${x}px;top:${box.top - outer.top}px;height:${box.height}px`;
      readout.style.left = Math.max(0, Math.min(x + 10, outer.width - readout.offsetWidth)) + "px";
      readout.style.top = box.top - outer.top - 8 + "px";
    });
  }

  /* --- départements: a link opens the section it leads to --- */
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.matches("details")) { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);
  reveal();
  for (const [id, open] of [["#open-all", true], ["#close-all", false]]) {
    const button = one(id);
    if (button) button.addEventListener("click", () => all(".department").forEach((d) => { d.open = open; }));
  }
})();

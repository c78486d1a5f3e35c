/* --- two départements side by side: what the page says of each, in one table and one chart --- */
const comparing = one("#compare");
const chosenTwo = () => all("select", comparing).map((select) => select.value);
const nameOf = (code) => one(`#d${code} summary h3`).textContent.trim();
/* the figure in a cell, whatever the language it is written in now */
const figureIn = (cell) => {
  const node = cell?.firstChild;
  const text = (french.get(node) ?? node?.data ?? "").replaceAll(NARROW, "").replace("\u2212", "-");
  return /^[+-]?\d/.test(text) ? Number(text) : null;
};
const copied = (cell) => [...cell.childNodes].filter((node) => node.nodeName !== "svg").map((node) => node.cloneNode(true));

function compareNow(table, pair) {
  const rows = pair.map((code) => one(`tr[data-code="${code}"]`, table));
  const body = made("tbody");
  all("thead th", table).forEach((heading, column) => {
    if (column === 1 || column === 2) return;  // who it is: the heading of its column
    const line = made("tr", {}, made("th", { scope: "row" }, ...copied(one("button", heading) ?? heading)));
    for (const row of rows) {
      line.append(made("td", { className: row?.cells[column].className ?? "" }, ...(row ? copied(row.cells[column]) : ["–"])));
    }
    body.append(line);
  });
  return body;
}
function monthHeading(key, cell) {
  const heading = made("th", { scope: "row" }, ...copied(cell));
  heading.dataset.month = key;
  return heading;
}
function compareMonths(tables) {
  const known = new Map();
  tables.forEach((table, side) => {
    for (const row of table?.tBodies[0].rows ?? []) {
      const node = row.cells[0].firstChild, key = monthKey(french.get(node) ?? node.data);
      known.set(key, Object.assign(known.get(key) ?? [], { [side]: row }));
    }
  });
  return [...known].sort(([a], [b]) => (a < b ? 1 : -1));
}
/* both on one scale; a line joins neighbouring months alone, and nothing across a break */
function compareChart(lines) {
  const at = (key) => Number(key.slice(0, 4)) * 12 + Number(key.slice(5));
  const first = at(lines.at(-1)[0]), last = at(lines[0][0]);
  const top = Math.max(1, ...lines.flatMap(([, pair]) => [0, 1].map((side) => figureIn(pair[side]?.cells[1]) ?? 0)));
  const across = matchMedia("(max-width: 40rem)").matches ? 360 : 790, right = across - 10;
  const x = (key) => 10 + (at(key) - first) / Math.max(1, last - first) * (right - 10);
  const y = (value) => 205 - value / top * 180;
  const text = (left, base, anchor, words) => drawn("text", { x: left, y: base, "text-anchor": anchor, "font-size": 13, fill: "var(--muted)" }, words);
  const svg = drawn("svg", { class: "drawn", viewBox: `0 0 ${across} 230`, "aria-hidden": "true" });
  svg.append(drawn("path", { d: `M10 205H${right}M10 25H${right}`, stroke: "var(--line)", fill: "none" }));
  [0, 1].forEach((side) => {
    let path = "", before = null;
    for (const [key, pair] of [...lines].reverse()) {
      const row = pair[side], value = figureIn(row?.cells[1]);
      if (value === null) continue;
      const joins = before !== null && at(key) - before === 1 && !row.classList.contains("bk");
      path += `${joins ? "L" : "M"}${x(key).toFixed(1)} ${y(value).toFixed(1)}${joins ? "" : "h.1"}`;
      before = at(key);
    }
    svg.append(drawn("path", { d: path, class: `side-${side + 1}` }));
  });
  const number = new Intl.NumberFormat(root.lang === "fr" ? "fr-FR" : "en-GB");
  const shownMonth = (key) => textOf(lines.find(([k]) => k === key)[1].find(Boolean).cells[0]);
  svg.append(text(10, 18, "start", number.format(top)), text(10, 224, "start", shownMonth(lines.at(-1)[0])),
    text(right, 224, "end", shownMonth(lines[0][0])));
  return svg;
}
function compare() {
  const place = one("#comparison");
  const pair = chosenTwo();
  const told = one("[role=status]", comparing);
  place.replaceChildren();
  told.replaceChildren();
  if (!pair.every(Boolean) || pair[0] === pair[1]) return;
  const names = pair.map(nameOf);
  told.append(say("compare_shown", { a: names[0], b: names[1] }));
  all("table.ranking").forEach((table, nth) => {
    const indicator = table.closest("section").id;
    const byMonth = compareMonths(pair.map((code) => one(`#d${code} .columns > div:nth-child(${nth + 1}) table`)));
    if (!byMonth.length) return;
    const values = { a: names[0], b: names[1] };
    const headed = (caption, ...cells) => made("table", {}, made("caption", {}, say(`${caption}-${indicator}`, values)),
      made("thead", {}, made("tr", {}, ...cells.map((cell) => made("th", { scope: "col" }, cell)))));
    const now = headed("compare_now", say("compare_what"), ...names);
    now.id = `${indicator}-compared`;
    now.append(compareNow(table, pair));
    const course = headed("compare_months", say("col_month"),
      ...names.flatMap((name) => ["col_cumulative", "col_added"].map((what) => made("span", {}, name + " · ", say(what)))));
    course.id = `${indicator}-compared-by-month`;
    course.append(made("tbody", {}, ...byMonth.map(([when, sides]) => made("tr", {},
      monthHeading(when, sides.find(Boolean).cells[0]),
      ...[0, 1].flatMap((side) => [1, 2].map((column) => made("td", {}, ...(sides[side] ? copied(sides[side].cells[column]) : ["–"]))))))));
    const key = made("ul", { className: "keys" }, ...names.map((name, side) => made("li", {},
      drawn("svg", { viewBox: "0 0 28 14", "aria-hidden": "true" }, drawn("path", { class: `side-${side + 1}`, d: "M1 7H27" })), name)));
    const figure = made("figure", { className: "chart" }, made("figcaption", {}, say(`compare_chart-${indicator}`, values)), compareChart(byMonth), key);
    figure.dataset.picture = `${indicator}-compared`;
    const boxed = (compared) => {
      compared.caption.id = compared.id + "-caption";
      const box = made("div", { className: "scroll", tabIndex: 0, role: "region" }, compared);
      box.setAttribute("aria-labelledby", compared.caption.id);
      return box;
    };
    place.append(boxed(now), figure, made("details", { className: "table" }, made("summary", {}, say("as_table")), boxed(course)));
    for (const compared of [now, course]) offerTable(compared);
    offerPicture(figure);
  });
}
if (comparing) {
  for (const select of all("select", comparing)) {
    select.append(new Option("–", ""), ...all(".department").map((d) => new Option(nameOf(d.id.slice(1)), d.id.slice(1))));
    select.addEventListener("change", () => {
      const pair = chosenTwo();
      const address = "#departements=" + pair.join(",");
      const isPair = pair.every(Boolean) && pair[0] !== pair[1];
      if (isPair && !location.hash.startsWith("#departements=")) {
        location.hash = address;  // which compares; back leads to where the reader was
      } else {
        if (isPair) history.replaceState(null, "", address);
        compare();
      }
    });
  }
  addEventListener("language", compare);
}

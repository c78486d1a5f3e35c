/* --- what is shown can be taken along: tables as CSV, charts and maps as pictures, the source as text --- */
function save(name, blob) {
  const link = made("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
const offered = (word, about, act) => {
  const button = made("button", { type: "button", className: "take" }, say(word),
    made("span", { className: "unseen" }, " ", ...[...about].map((node) => node.cloneNode(true))));
  button.addEventListener("click", act);
  return button;
};

/* as spreadsheets of the language open it: French has semicolons and decimal commas. Remarks beside figures
   have a column of their own; no text can be taken for a formula. */
const IS_FIGURE = /^[+-]?\d+([.,]\d+)?%?$/;
const monthIn = (heading) => heading.dataset.month
  ?? (heading.closest("table.m tbody") && monthKey(french.get(heading.firstChild) ?? heading.firstChild.data))
  ?? (heading.childElementCount === 1 && one("time", heading)?.dateTime);
function csvCell(text) {
  const figure = text.replaceAll(root.lang === "fr" ? NARROW : ",", "").replace("\u2212", "-").replace(NARROW, "");
  if (IS_FIGURE.test(figure)) return figure.replace(/^\+/, "");
  const flat = text.replace(/[\u202f\u00a0]/g, " ");
  if (flat === "–") return "";
  if (flat === "=") return "0";  // places gained
  return /^[=+\-@\t\r]/.test(flat) ? "'" + flat : flat;
}
function csv(table) {
  const separator = root.lang === "fr" ? ";" : ",";
  const quoted = (text) => (text.includes(separator) || /["\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [...table.rows].filter((row) => !row.hidden).map((row) => {
    const isRemark = (node) => node.nodeName === "SMALL";
    const cells = [...row.cells].map((cell) => (cell.tagName === "TH" && monthIn(cell))
      || csvCell(textOf(...[...cell.childNodes].filter((node) => !isRemark(node)))));
    const remarks = [...row.cells].flatMap((cell) => [...cell.childNodes].filter(isRemark)).map((node) => textOf(node));
    return [...cells, remarks.join(" ; ")];
  });
  const isRemarked = lines.some((line) => line.at(-1));
  lines[0][lines[0].length - 1] = textOf(say("remarks"));
  return lines.map((line) => (isRemarked ? line : line.slice(0, -1)).map(quoted).join(separator) + "\r\n").join("");
}
/* what it is and of when: every name begins with that of an indicator, if it is of one */
const indicatorIn = (name) => document.getElementById(name.split("-")[0]);
const fileName = (what) => [document.body.dataset.name, what, indicatorIn(what)?.dataset.month].filter(Boolean).join("-");
function offerTable(table) {
  const around = table.closest(".scroll") ?? table;
  around.after(offered("csv", table.caption.childNodes, () => {
    save(fileName(table.id || table.caption.id) + ".csv", new Blob(["\ufeff" + csv(table)], { type: "text/csv" }));
  }));
}

/* a picture: what the figure shows, with title, legend and source, in the theme shown */
const LOOK = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "stroke-opacity",
  "fill-opacity", "opacity", "paint-order", "font-size", "font-family", "font-weight", "text-anchor", "vector-effect"];
function dressed(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (isOther(node)) return "";
  const look = getComputedStyle(node);
  if (node.matches(".codes, .codes *") && look.display === "none") return "";
  const copy = node.nodeName === "use" ? one(node.getAttribute("href")).cloneNode() : node.cloneNode();
  copy.removeAttribute("class");
  copy.removeAttribute("id");
  if (node.nodeName === "pattern") copy.id = node.id;
  copy.style.cssText = LOOK.map((name) => `${name}:${look.getPropertyValue(name)}`).join(";").replaceAll('"', "'");
  copy.append(...[...node.childNodes].map(dressed));
  return copy;
}
function wrapped(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1).length + word.length >= most) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) && " ") + word;
  }
  return lines;
}
const WIDE = 840, MARGIN = 24;
function picture(figure) {
  const ink = getComputedStyle(root), muted = getComputedStyle(one(".stand") ?? root).color;
  const svg = drawn("svg", { xmlns: SVG });
  let y = MARGIN;
  const line = (words, size, weight, colour, x = MARGIN) => {
    svg.append(drawn("text", { x, y: y + size, "font-size": size, "font-weight": weight, fill: colour, "font-family": "sans-serif" }, words));
  };
  const lines = (words, size, weight, colour) => {
    for (const part of wrapped(words, (WIDE - 2 * MARGIN) / size * 1.9)) { line(part, size, weight, colour); y += size * 1.45; }
  };
  const section = figure.closest("section");
  const above = all("h3", section).filter((h) => h.compareDocumentPosition(figure) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
  lines(textOf(one("h2", section)), 20, 600, ink.color);
  if (section.matches(".indicator")) lines(textOf(above), 15, 600, ink.color);
  for (const part of all("figcaption, .caption, svg.wide, svg.map, svg.drawn, .keys li, .classes li", figure)) {
    const isKey = part.matches("li");
    if (part.viewBox) {
      const { width, height } = part.viewBox.baseVal;
      const copy = dressed(part), across = WIDE - 2 * MARGIN;
      for (const [name, value] of Object.entries({ x: MARGIN, y, width: across, height: across * height / width })) copy.setAttribute(name, value);
      svg.append(copy);
      y += across * height / width + 10;
    } else if (!part.getClientRects().length || (part.matches("figcaption") && figure.matches(".atlas"))) {
      continue;
    } else if (isKey) {
      const swatch = one(".swatch", part), mark = one("svg", part);
      if (mark) {
        const copy = dressed(mark);
        for (const [name, value] of Object.entries({ x: MARGIN, y: y + 1, width: 28, height: 14 })) copy.setAttribute(name, value);
        svg.append(copy);
      } else {
        const fill = swatch.matches(".absent") ? "url(#hatch)" : getComputedStyle(swatch).backgroundColor;
        svg.append(drawn("rect", { x: MARGIN, y: y + 1, width: 26, height: 13, fill, stroke: muted,
          ...(swatch.matches(".absent, .outside") ? { "stroke-dasharray": "3 3" } : {}) }));
      }
      const more = one("small", part);
      const words = textOf(...[...part.childNodes].filter((node) => node !== more));
      line(more ? `${words} (${textOf(more)})` : words, 13, 400, ink.color, MARGIN + 38);
      y += 21;
    } else {
      lines(textOf(part), 13, 400, muted);
    }
  }
  y += 8;
  lines(textOf(one(`#cite-${indicatorIn(figure.dataset.picture).id}`)), 11, 400, muted);
  const hatch = one("#hatch");
  if (hatch) svg.prepend(drawn("defs", {}, dressed(hatch)));
  svg.prepend(drawn("rect", { width: WIDE, height: y + MARGIN, fill: ink.backgroundColor }));
  svg.setAttribute("width", WIDE);
  svg.setAttribute("height", y + MARGIN);
  return new XMLSerializer().serializeToString(svg);
}
function offerPicture(figure) {
  const about = one("figcaption", figure);
  const button = offered("picture", figure.matches(".atlas") ? [] : about.childNodes, async () => {
    const image = new Image();
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(picture(figure));
    await image.decode();
    const canvas = made("canvas", { width: image.width * 2.5, height: image.height * 2.5 });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(fileName(figure.dataset.picture) + ".png", blob), "image/png");
  });
  (figure.matches(".atlas") ? about : figure).append(button);
}
for (const table of all("table")) offerTable(table);
for (const figure of all("figure.chart, figure.atlas")) offerPicture(figure);

/* the source, ready to be quoted; it says when the page was read */
for (const cite of all(".cite")) {
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((n) => String(n).padStart(2, "0"));
  const read = made("time", { dateTime: day.join("-") }, [...day].reverse().join("/"));
  cite.append(", ", say("consulted"), " ", read);
  if (root.lang === "en") write(read.firstChild, () => days.format(now));
  const told = made("span", { role: "status" });
  const button = made("button", { type: "button", className: "take" }, say("copy"));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(textOf(cite) + ".");
      told.replaceChildren(" ", say("copied"));
    } catch {  // not allowed here: the reader's own Ctrl+C is
      getSelection().selectAllChildren(cite);
      told.replaceChildren(" ", say("selected"));
    }
  });
  cite.after(button, told);
}

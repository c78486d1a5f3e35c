/* --- map: the chosen measure; a département pointed at is told in a sentence, with the way to it --- */
for (const atlas of all(".atlas")) {
  for (const radio of all("input[type=radio]", atlas)) {
    radio.addEventListener("change", () => { atlas.dataset.measure = radio.value; });
  }
  const readout = one(".readout", atlas);
  readout.hidden = false;
  all(".map use", atlas).forEach((shape) => shape.addEventListener("pointerenter", () => {
    all(".map .on", atlas).forEach((other) => other.classList.remove("on"));
    const { code } = shape.dataset;
    for (const same of all(`.map use[data-code="${code}"]`, atlas)) {
      same.classList.add("on");
      same.parentNode.append(same);
    }
    const says = one(`.shapes use[data-code="${code}"]`, atlas).dataset[root.lang];
    const way = document.getElementById("d" + code)
      ? [" ", made("a", { href: "#departement=" + code, tabIndex: -1 }, say("see"))] : [];
    readout.replaceChildren(says, ...way);
  }));
}

/* --- charts: the month pointed at is told in a sentence --- */
for (const chart of all("figure.chart")) {
  const table = document.getElementById(chart.dataset.table);
  const readout = one(".readout", chart);
  const guide = made("div", { className: "guide", hidden: true });
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
    readout.textContent = row.dataset[root.lang];
    readout.hidden = guide.hidden = false;
    const x = box.left - outer.left + (Number(left) + (place + 1) * width / count) * scale;
    guide.style.cssText = `left:${x}px;top:${box.top - outer.top}px;height:${box.height}px`;
    readout.style.left = Math.max(0, Math.min(x + 10, outer.width - readout.offsetWidth)) + "px";
    readout.style.top = box.top - outer.top - 8 + "px";
  });
}

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
    const button = made("button", { type: "button" }, ...heading.childNodes);
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

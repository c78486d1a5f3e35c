/* --- places: #departement=59, #departements=59,62, #region=84, #indicateur=pvd; also #d59 --- */
function open(code) {
  const section = document.getElementById("d" + code);
  if (!section) return;
  section.open = true;
  section.scrollIntoView();
}
const indicatorOf = (asked) => one(`section.indicator${asked.has("indicateur") ? "#" + CSS.escape(asked.get("indicateur")) : ""}`);
function go() {
  const place = location.hash.slice(1);
  const asked = new URLSearchParams(place);
  if (asked.has("departements") && comparing) {
    const pair = asked.get("departements").split(",");
    all("select", comparing).forEach((select, side) => { select.value = pair[side] ?? ""; });
    compare();
    comparing.scrollIntoView();
  } else if (asked.has("departement")) {
    open(asked.get("departement"));
  } else if (asked.has("region")) {
    const section = indicatorOf(asked);
    const name = section && one(`th[data-region="${CSS.escape(asked.get("region"))}"]`, section);
    if (!name) return;
    const search = one("input[type=search]", section);
    search.value = name.textContent.trim();
    search.dispatchEvent(new Event("input"));
    one(".search", section).scrollIntoView();
  } else if (asked.has("indicateur")) {
    indicatorOf(asked)?.scrollIntoView();
  } else if (/^d\w+$/.test(place) && document.getElementById(place)) {
    history.replaceState(null, "", "#departement=" + place.slice(1));
    open(place.slice(1));
  }
}
/* a région's name leads to its départements in the ranking */
for (const name of all("th[data-region]")) {
  const section = name.closest("section");
  name.replaceChildren(made("a", { href: `#indicateur=${section.id}&region=${name.dataset.region}` }, ...name.childNodes));
}
/* the address follows the section that the reader opens */
for (const section of all(".department")) {
  one("summary", section).addEventListener("click", () => {
    if (!section.open) history.replaceState(null, "", "#departement=" + section.id.slice(1));
  });
}
for (const [id, opened] of [["#open-all", true], ["#close-all", false]]) {
  one(id)?.addEventListener("click", () => all(".department").forEach((d) => { d.open = opened; }));
}
addEventListener("hashchange", go);
go();

"""Rows that are only a part of a figure, or another value than the actual one."""

from __future__ import annotations

import random
from typing import Any

from acv_pipeline_tests.fuzz.cases import Case, Draft, Key, contract, draft, only, split, without
from acv_pipeline_tests.tidying.layouts import Figures, Row, number_text

BENEFICIARIES = ("PO", "PB", "SDC", "Propriétaires occupants", "Propriétaires bailleurs")
WHOLES = ("Total", "Ensemble", "total")
BENEFICIARY_HEADERS = (
    "Bénéficiaire",
    "bénéficiaires",
    "Type de bénéficiaire",
    "Statut d’occupation",
)
TYPE_HEADERS = ("type_valeur", "Type de valeur", "Nature de la valeur")
TYPES = {
    "actual": ("va", "VA", "Valeur actuelle", "réalisé", "Réel", "actuelle", "constaté"),
    "initial": ("vi", "VI", "Valeur initiale", "initiale"),
    "target": ("vc", "VC", "Valeur cible", "cible", "vca", "vcit", "Objectif"),
}


class Rows:
    """Rows made of the rows of a table, with one more column."""

    def __init__(self, made: Draft, place: int) -> None:
        self._made = made
        self._place = place
        self.rows: list[Row] = []

    def add(self, record: int, value: Any, said: Any, blank: tuple[str, ...] = ()) -> None:
        """The row of a record again, with another value and a word; some cells left blank."""
        sheet = self._made.sheet
        row = list(sheet.rows[record])
        row[sheet.places["value"]] = _written(value, self._made)
        for meaning in blank:
            if meaning in sheet.places:
                row[sheet.places[meaning]] = None
        self.rows.append([*row[: self._place], said, *row[self._place :]])

    def lines(self, name: str | None) -> list[Row]:
        """The header with the new column's name, and the rows."""
        header = self._made.sheet.header
        return [[*header[: self._place], name, *header[self._place :]], *self.rows]


def _written(value: Any, made: Draft) -> Any:
    return number_text(value, made.layout) if isinstance(value, int) else value


def value_types(dice: random.Random) -> Case:
    """Initial values and targets beside the actual ones."""
    made = draft(dice, "csv", "xlsx", "ods", "parquet")
    words = {kind: dice.choice(known) for kind, known in TYPES.items()}
    rows = Rows(made, dice.randint(0, len(made.sheet.header)))
    lost: list[Key] = []
    for record, (key, value) in enumerate(made.figures.items()):
        kinds = {"initial": 0, "actual": value, "target": value + dice.randint(1, 500)}
        if dice.random() < 0.1:  # no actual value at all
            del kinds["actual"]
            lost.append(key)
        for kind in dice.sample(sorted(kinds), len(kinds)):
            rows.add(record, kinds[kind], words[kind])
    left = without(made.figures, lost)
    name = dice.choice(TYPE_HEADERS)
    return made.case(
        "value types", rows.lines(name), expected=left, harmless=bool(left), note=f"{name} {words}"
    )


def value_type_unknown(dice: random.Random) -> Case:
    """A type of value that nobody explained."""
    made = draft(dice, most=30)
    rows = Rows(made, dice.randint(0, len(made.sheet.header)))
    word = dice.choice(("estimée", "provision", "v3", "révisable", "attendue"))
    lost = set(dice.sample(made.keys, dice.randint(1, 2)))
    for record, (key, value) in enumerate(made.figures.items()):
        rows.add(record, value, word if key in lost else "Valeur actuelle")
    return made.case(
        "value type unknown", rows.lines(dice.choice(TYPE_HEADERS)),
        expected=without(made.figures, lost), note=word,
    )  # fmt: skip


def only_targets(dice: random.Random) -> Case:
    """A file of targets alone, said in every row or by a column without a known name."""
    made = draft(dice)
    word = dice.choice((*TYPES["target"], *TYPES["initial"]))
    name = dice.choice((*TYPE_HEADERS, "Nature", "Type"))
    made = made.with_column(dice.randint(0, len(made.sheet.header)), name, [word] * len(made.keys))
    return made.case("only targets", expected={}, note=f"{name} {word}")


def beneficiaries(dice: random.Random) -> Case:
    """Rows by beneficiary, with their total or without; some parts missing, some halves alike."""
    made = draft(dice, "csv", "xlsx", "ods", "parquet", least=2)
    parts = dice.sample(BENEFICIARIES[:3], dice.randint(2, 3))
    whole = dice.choice((None, *WHOLES))
    has_name = dice.random() < 0.7
    name = dice.choice(BENEFICIARY_HEADERS) if has_name else dice.choice(("Catégorie", "Type"))
    rows = Rows(made, dice.randint(0, len(made.sheet.header)))
    incomplete: list[Key] = []
    for record, (key, value) in enumerate(made.figures.items()):
        shares = split(dice, value, len(parts))
        if len(parts) == 2 and value % 2 == 0 and dice.random() < 0.3:
            shares = [value // 2] * 2
        said: list[tuple[int, str]] = list(zip(shares, parts, strict=True))
        if dice.random() < 0.1:
            said.pop()
            incomplete.append(key)
        if whole:
            said.insert(dice.choice((0, len(said))), (value, whole))
        for share, part in said:
            rows.add(record, share, part)
    note = f"{name}: {parts} {whole}, incomplete {incomplete}"
    kind, lines = "beneficiaries", rows.lines(name)
    if whole:
        return made.case(kind, lines, harmless=has_name, note=note)
    complete = without(made.figures, incomplete)
    return made.case(kind, lines, expected={}, allowed=complete, note=note)


def one_beneficiary(dice: random.Random) -> Case:
    """A file of one part alone."""
    made = draft(dice, "csv", "xlsx", "parquet")
    part = dice.choice(BENEFICIARIES)
    name = dice.choice(BENEFICIARY_HEADERS)
    made = made.with_column(dice.randint(0, len(made.sheet.header)), name, [part] * len(made.keys))
    return made.case("one beneficiary", expected={}, note=f"{name} {part}")


def halves_alike(dice: random.Random) -> Case:
    """Two rows with the same number, told apart by a word: two halves, or nobody knows."""
    made = draft(dice, "csv", "xlsx", "parquet")
    rows = Rows(made, dice.randint(0, len(made.sheet.header)))
    words = dice.choice((("PO", "PB"), ("Bourg", "Oyonnax"), ("centre", "autres"), ("A", "B")))
    name = dice.choice(("Bénéficiaire", "Ville", "Secteur", "Observations", "xyz"))
    halved = set(dice.sample(made.keys, dice.randint(1, max(1, len(made.keys) // 3))))
    usual = dice.choice(("", "Ensemble", words[0]))
    for record, (key, value) in enumerate(made.figures.items()):
        if key in halved:
            for word in words:
                rows.add(record, value, word)
        else:
            rows.add(record, value, usual)
    left = without(made.figures, halved)
    summed = {key: 2 * value for key, value in made.figures.items() if key in halved}
    sure = left if usual != words[0] else {}
    return made.case(
        "halves alike", rows.lines(name), expected=sure, allowed=left | summed,
        note=f"{name}: {words}, else {usual!r}",
    )  # fmt: skip


def blank_labels(dice: random.Random) -> Case:
    """Labels on the first row of their group only, as in a pivot table."""
    made = draft(
        dice, "csv", "xlsx", "ods", count=1, least=2, code=dice.choice(("official", "name"))
    )
    parts = dice.choice((("PO", "PB"), ("PO", "PB", "SDC"), ("Bourg", "Oyonnax"), ("", "")))
    # without a word a single blank label may be one that was lost
    grouped_all = dice.random() < 0.6 or not parts[0]
    rows = Rows(made, len(made.sheet.header) - 1)
    total = dice.choice((None, "Ensemble", "below"))
    blank = ("code", "name", "indicator") if dice.random() < 0.5 else ("code", "name")
    grouped: Figures = {}
    for record, (key, value) in enumerate(made.figures.items()):
        if not grouped_all and dice.random() < 0.5:
            rows.add(record, value, "Ensemble" if parts[0] else "")
            continue
        grouped[key] = value
        said: list[tuple[int, str]] = list(zip(split(dice, value, len(parts)), parts, strict=True))
        if total == "Ensemble" and parts[0]:
            said.insert(0, (value, "Ensemble"))
        for place, (share, word) in enumerate(said):
            rows.add(record, share, word, blank if place else ())
        if total == "below":
            rows.add(record, value, "")
            at = made.sheet.places["code"]
            place_of_code = at + (at >= len(made.sheet.header) - 1)
            department = contract().territories.departments[key[0]]
            rows.rows[-1][place_of_code] = f"Total {department}"
            if "name" in made.sheet.places:
                rows.rows[-1][made.sheet.places["name"]] = None
    name = dice.choice(("Bénéficiaire", "Catégorie")) if parts[0] else "Observations"
    left = {key: value for key, value in made.figures.items() if key not in grouped}
    return made.case(
        "blank labels", rows.lines(name), expected={}, allowed=left | grouped,
        note=f"{name} {parts}, total {total}, all {grouped_all}",
    )  # fmt: skip


def part_of_a_territory(dice: random.Random) -> Case:
    """The Rhône and the Métropole de Lyon, one or both of them, with their sum or without."""
    made = draft(dice, code=dice.choice(("official", "bare", "both", "name", "lower")), least=2)
    months = {month: 2 + dice.randint(0, 5000) for month in made.months}
    others = {key: value for key, value in made.figures.items() if key[0] != "69"}
    shapes = {
        "official": (("69D", "Rhône"), ("69M", "Métropole de Lyon"), ("69", "Rhône")),
        "bare": (("69", "Rhône"), ("69M", "Métropole de Lyon"), ()),
        "lower": (("69d", "Rhône hors Métropole"), ("69m", "Grand Lyon"), ("69", "Rhône")),
        "both": (("69D - Nouveau Rhône", ""), ("69M Métropole de Lyon", ""), ("69 - Rhône", "")),
        "name": (("Rhône", ""), ("Métropole de Lyon", ""), ()),
    }
    rest, city, whole = shapes[made.layout.code]
    with_rest = dice.random() < 0.6 or not whole  # a bare "69" is known as a part by the other only
    # beside the city alone nobody knows whether "69" is the whole or the rest
    with_whole = bool(whole) and with_rest and dice.random() < 0.5
    rows = [row for row, key in zip(made.sheet.rows, made.keys, strict=True) if key[0] != "69"]
    template = made.sheet.rows[0]
    for month, value in months.items():
        month_cell = next(
            row[made.sheet.places["month"]]
            for row, key in zip(made.sheet.rows, made.keys, strict=True)
            if key[1] == month
        )
        first, second = split(dice, value, 2)
        said: list[tuple[tuple[str, ...], int]] = [(city, second)]
        said += [(rest, first)] if with_rest else []
        said += [(whole, value)] if with_whole else []
        dice.shuffle(said)
        for (code, name), share in said:
            row = list(template)
            row[made.sheet.places["code"]] = code
            row[made.sheet.places["month"]] = month_cell
            row[made.sheet.places["value"]] = number_text(share, made.layout)
            if "name" in made.sheet.places:
                row[made.sheet.places["name"]] = name
            rows.append(row)
    summed = {("69", month): value for month, value in months.items()}
    sure = others | summed if with_whole else others
    allowed = summed if with_rest or with_whole else {}
    return made.with_rows(rows).case(
        "part of a territory", expected=sure, allowed=allowed, harmless=bool(others),
        note=f"{city} with rest {with_rest}, with whole {with_whole}, named {made.layout.named}",
    )  # fmt: skip


WARDS = {
    "13": ("Marseille 1er", "Marseille 3e arrondissement", "13201", "13055", "Marseille"),
    "69": ("Lyon 1er", "Lyon 3e arrondissement", "69381", "69123", "Lyon"),
    "67": ("Alsace", "Collectivité européenne d'Alsace", "6AE", "67A", "67/68"),
    "2A": ("Corse", "20", "2A/2B", "2A et 2B", "Corse (20)"),
    "73": ("Savoies", "73/74", "73-74", "Savoie et Haute-Savoie", "73 et 74"),
    "01": ("Bourg-en-Bresse", "01053", "Ain (partie)", "Ain hors Bourg", "01 (partie)"),
    "38": ("Grenoble-Alpes-Métropole", "38185", "Isère nord", "Nord-Isère", "200040715"),
}


def ward_or_union(dice: random.Random) -> Case:
    """A town, a ward, or several départements at once, in the place of a département."""
    made = draft(dice, code=dice.choice(("official", "name", "both")))
    code = dice.choice(sorted(WARDS))
    others = [key for key in made.keys if key[0] != code]
    rows = [row for row, key in zip(made.sheet.rows, made.keys, strict=True) if key[0] != code]
    known = contract().territories.departments
    label = dice.choice(WARDS[code])
    row = list(made.sheet.rows[0])
    in_name = "name" in made.sheet.places and not any(c.isdigit() for c in label)
    row[made.sheet.places["code"]] = code if in_name else label
    if "name" in made.sheet.places:
        row[made.sheet.places["name"]] = label if in_name else dice.choice((label, known[code], ""))
    row[made.sheet.places["value"]] = number_text(4321, made.layout)
    rows.insert(dice.randint(0, len(rows)), row)
    made = made.with_rows(rows)
    return made.case(
        "ward or union", expected=only(made.figures, others), harmless=bool(others), note=str(row)
    )


def repeat_told_apart(dice: random.Random) -> Case:
    """The same territory, month and number twice, with other words beside it."""
    made = draft(dice, "csv", "xlsx", "parquet")
    words = [dice.choice(("vérifié", "Bourg", "")) for _ in made.keys]
    name = dice.choice(("Commentaires", "Ville", "Secteur"))
    made = made.with_column(len(made.sheet.header), name, words)
    place = dice.randrange(len(made.keys))
    again = [*made.sheet.rows[place][:-1], "autre"]
    lines = [made.sheet.header, *made.sheet.rows, again]
    repeated = made.keys[place]
    # of towns and the like the two may be halves, and so may other rows with these words
    summed = {} if name == "Commentaires" else {repeated: 2 * made.figures[repeated]}
    return made.case(
        "repeat told apart", lines,
        expected=without(made.figures, [repeated]) if name == "Commentaires" else {},
        allowed=without(made.figures, [repeated]) | summed,
        note=f"{name}: {words[place]!r}, autre",
    )  # fmt: skip


PARTS = (
    value_types,
    value_type_unknown,
    only_targets,
    beneficiaries,
    one_beneficiary,
    halves_alike,
    blank_labels,
    part_of_a_territory,
    ward_or_union,
    repeat_told_apart,
)

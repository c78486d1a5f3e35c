"""What a remark says of its figure, where it is not that of its row, month and territory.

Of another programme or part, without something, of an earlier month, incomplete.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import partial

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_end, shift
from acv_pipeline.tidying.column import Column, constant, of_contract
from acv_pipeline.tidying.dates import STOCK, DateReader
from acv_pipeline.tidying.indicators import names_other_programme, stated_indicators
from acv_pipeline.tidying.names import TERRITORY, ColumnNames, names_of
from acv_pipeline.tidying.phrases import DENIES, Phrases
from acv_pipeline.tidying.places import PlaceReader
from acv_pipeline.tidying.roles import KINDS_AT_MOST, SOME, WORDS, RoleReader
from acv_pipeline.tidying.statements import without_left_out
from acv_pipeline.tidying.subjects import SMALL, is_without, subject_of
from acv_pipeline.tidying.texts import any_word, clean, fold, plain, words_pattern

MONTHS_BACK = 9  # a month without a year is one of those before, or soon after


def subject_of_cell(
    names: ColumnNames, text: str, indicator: str | None, *, remark: bool = False
) -> str | None:
    """What else than a figure of ours a cell says its row is, if anything.

    Args:
        indicator: what the rows are about: an indicator that the cell names is another; None where
            other columns say it.
        remark: the cell may tell of a programme in the territory (``OPAH-RU en cours``).
    """
    text = _without_programmes_aside(names.contract, text, indicator)
    if names.is_whole(text) or not text:
        return None
    if leaves_out(names, text):
        return "part"
    contract = names.contract
    begun = words_pattern(contract.remark_words.begun).search(fold(text))
    if indicator and (named := stated_indicators(contract, text)):
        reserve = words_pattern(contract.remark_words.reserve)
        kept = stated_indicators(contract, without_left_out(reserve.sub(" ", plain(text))))
        if indicator not in kept and (kept or indicator in named):
            return "indicator"
    elif (
        indicator
        and not begun
        and names_other_programme(contract, without_left_out(plain(text)))
        and (not remark or _is_programme(names, text))
    ):
        return "indicator"
    return subject_of(names, text, of_row=True)


def _without_programmes_aside(contract: Contract, text: str, indicator: str | None) -> str:
    """A cell without another programme that it says not to be counted: ``PVD suivi à part``."""
    entries = [e for e in contract.indicators.values() if e.id != indicator]
    others = [name for e in entries for name in (e.short_name, *e.names)] if indicator else []
    called = any_word(map(plain, [*others, *contract.other_programmes]))
    places = any_word(map(plain, contract.headers["part_of_territory"]))
    aside = r"(?:est |sont )?(?:(?:suivi|compte)e?s? )?(?:non comprise?s?|a part|separement)"
    said = rf"\b(?:{called}) {aside}|(?:{places}) (?:egalement|aussi) (?:{called})"
    return "" if re.fullmatch(said, plain(clean(text))) else text


def _is_programme(names: ColumnNames, text: str) -> bool:
    """Whether a remark names programmes and nothing else, or what of them is counted."""
    contract, told, folded = names.contract, names.contract.remark_words, fold(text)
    figures = (*told.figure, *contract.figure_words)
    counted = words_pattern((*figures, *told.alone, *told.included, "avec", "compris"))
    if counted.search(folded):
        return True
    kinds = (*contract.headers["indicator"], *contract.headers["part"])  # "dispositif X"
    scope = contract.other_dates["territory"]
    rest = words_pattern((*contract.other_programmes, *kinds, *scope)).sub(" ", folded).split()
    return all(word in SMALL | {"et"} or names.is_own(word) for word in rest)


def says_one_thing(names: ColumnNames, text: str) -> bool:
    """Whether a remark is one word, beside small ones, numbers and what figures are called."""
    rest = words_pattern(names.contract.remark_words.figure).sub(" ", fold(text)).split()
    return sum(word not in SMALL and not word.isdigit() for word in rest) <= 1


def is_class(names: ColumnNames, text: str, cells: Container[str]) -> bool:
    """Whether a cell says which of two classes its row is of: ``hors IDF`` beside ``IDF``.

    Args:
        cells: the folded texts of its column.
    """
    outside, _, of = fold(text).partition(" ")
    if outside != "hors" or of not in cells:
        return False
    return not (is_without(names, text) or stated_indicators(names.contract, of))


def leaves_out(names: ColumnNames, text: str) -> bool:
    """Whether a text leaves out something of the figures, but what is none of ours anyway.

    What they are without may be anything (a visa), unless it is a territory or a part. What they
    are alone is a place, if it has a capital.
    """
    contract, phrases = names.contract, of_contract(Phrases, names.contract)
    only = phrases.some_only.search(clean(text))
    if only and fold(only["name"]) not in names.own_words | set(phrases.months):
        signs = words_pattern(contract.remark_words.begun).pattern
        behind = fold(clean(text)[only.end() :])  # "seule Bourg-en-Bresse a signé"
        if not re.match(rf"(?:(?:en|l[ae]s?|sur|sous) [a-z]+ )*(?:a|ont) {signs}", behind):
            return True
    alone = phrases.one_place_only.fullmatch(clean(text))
    if alone and fold(alone["name"]).removesuffix("s") not in phrases.no_places:
        return True
    if of_contract(_lacks, contract).fullmatch(fold(text)):
        return True
    # those "sans ville ACV" have no figures
    places = any_word(map(fold, contract.headers["part_of_territory"]))
    none = rf"(?:hors (?:les )?departements? )?sans (?:{places}) (?:{any_word(names.own_words)})\b"
    left_out = phrases.leaves_out(re.sub(none, " ", fold(text)))
    if not left_out or is_without(names, text):
        return left_out is not None
    if left_out["sans"]:
        known = any_word(map(fold, _places_and_parts(contract)))
        return (
            re.match(rf" (?:(?:la|le|les|l) )?(?:{known})(?![a-z])", left_out["what"]) is not None
        )
    default = names.source.default_indicator
    others = [n for i in contract.indicators.values() if i.id != default for n in i.names]
    others += [n for s in contract.sources.values() if s is not names.source for n in names_of(s)]
    called = any_word(map(fold, [*others, *contract.other_programmes]))
    kinds, what = any_word(map(fold, contract.headers["indicator"])), left_out["what"]
    no_more = rf"(?![a-z])(?! et (?!(?:{called})(?![a-z])))"
    if re.match(rf" (?:l[ae]s? |l )?(?:(?:{kinds})s? )?(?:{called}){no_more}", what):
        return False
    told = contract.remark_words
    never = words_pattern(told.never_ours)
    if not never.search(what):
        return True
    # "hors délégation (étude en cours)", "hors Bourg (annulé)"
    some = words_pattern(
        (*told.to_add, *contract.words_for_parts, *contract.headers["part_of_territory"])
    )
    before = rf"(?i:(?:l[ae]s?|de|{places})\s+|[ld]['’])*"
    a_name = rf"\b(?i:hors|sauf|hormis)\s+{before}[A-ZÀ-Ý][a-zà-ÿ]"
    return bool(
        re.match(rf" (?:l[ae]s? |l )?{some.pattern}(?! {never.pattern})", what)
        or re.search(a_name, clean(text))
    )


def is_earlier_or_part(
    names: ColumnNames, text: str, month: Month | None, *, remark: bool = False
) -> bool:
    """Whether a remark on one row says that its figure is another month's, or incomplete.

    Args:
        month: that of the figures; None where there are several.
        remark: it stands in a column of remarks, where a month by itself is that of the figure.
    """
    # "n° 1" is no N-1, nor is M+1
    folded, told = fold(text.replace("°", "o").replace("+", " plus ")), names.contract.remark_words
    phrases = of_contract(Phrases, names.contract)
    if phrases.incomplete.fullmatch(folded) or phrases.month_only.fullmatch(folded):
        return True
    if words_pattern((*told.compared, *told.mended)).search(folded):
        return False
    found = phrases.earlier.search(folded)
    if remark or text.strip().startswith("="):
        found = found or phrases.equals.fullmatch(folded)
    if not found and month and is_of_earlier_month(names, text, month):
        return True
    if not found or not found["month"]:
        return found is not None or (month is not None and _is_of_earlier_day(names, text, month))
    return month is not None and month.month != phrases.months[found["month"]]


def is_of_earlier_month(names: ColumnNames, text: str, month: Month) -> bool:
    """Whether a text says no more than of which month figures are, and that is an earlier one.

    What is taken after the month is of it all the same.
    """
    phrases = of_contract(Phrases, names.contract)
    found = phrases.of_month.fullmatch(fold(text))
    return (
        found is not None and 0 < (month.month - phrases.months[found["month"]]) % 12 < MONTHS_BACK
    )


def _is_of_earlier_day(names: ColumnNames, text: str, month: Month) -> bool:
    """Whether a remark says that figures are those of a time before the end of ``month``.

    One that gives another number compares; the first day of a month is the label of all of it.
    """
    told = names.contract.remark_words
    speaks = words_pattern((*told.figure, *told.taken)).search(fold(text))
    if not any(map(str.isdigit, text)) or not (speaks or STOCK.search(fold(text))):
        return False
    reader = of_contract(DateReader, names.contract)
    # remarks are written within weeks of the month, and speak of the one before or of long ago
    dated = reader.with_years(text, [shift(month, later) for later in range(-9, 3)])
    dates = list(reader.within(dated))
    if len(dates) != 1 or not reader.is_of_figures(dates[0].before):
        return False
    (date,) = dates
    start, end = date.read.span
    others = plain(dated)[:start] + plain(dated)[end:]
    called = words_pattern(told.figure).search(fold(date.before)) is not None
    if any(map(str.isdigit, others)) or not (date.kind in ("state", "extraction") or called):
        return False
    day = date.read.day or date.read.month or month
    return day < month or (date.read.day is not None and month < day < month_end(month))


def _lacks(contract: Contract) -> re.Pattern[str]:
    """A remark that ends in saying that something is not counted (``3 logements manquants``)."""
    things = words_pattern((*_places_and_parts(contract), *contract.remark_words.counted)).pattern
    uncounted = words_pattern(contract.remark_words.uncounted).pattern
    still = r"(?:(?:est|sont|encore|toujours) )*"
    return re.compile(rf"(?!{DENIES})(?:.* )?{things} {still}{uncounted}")


def _places_and_parts(contract: Contract) -> Iterator[str]:
    """What a figure may lack: territories, kinds of places within them, and beneficiaries."""
    yield from contract.territories.departments.values()
    yield from contract.territories.regions.values()
    yield from contract.headers["part_of_territory"]
    yield from contract.subtotal_labels
    yield from contract.words_for_parts
    for parts in contract.department_parts.values():
        for called in parts.values():
            yield from called


def subject_of_all_rows(roles: RoleReader, indicator: str | None) -> tuple[str, str] | None:
    """What stands beside most figures, alone in a column of words, is a heading.

    Returns:
        The text, and what else than figures of ours it is about (``subjects.subject_of``).
    """
    if roles.finder.source.role != "partner":
        return None
    for place in roles.of_kind(*WORDS):
        texts = roles.table.column(place)
        beside = texts.where(clean) & roles.is_figure
        once = len({text for text in texts.found if clean(text)}) == 1
        if once and beside.sum() > SOME * roles.is_figure.sum():
            text = next(filter(clean, texts.found))
            if what := subject_of_cell(roles.finder.names, text, _of_rows(roles, indicator)):
                return text, what
    return None


def subjects_of_rows(roles: RoleReader, indicator: str | None, month: Month | None) -> Column[str]:
    """The words of each row that say that its value is no figure of ours; ``""`` for none.

    Args:
        indicator: that of rows that name none.
        month: that of the rows; None where there are several.
    """
    table, names = roles.table, roles.finder.names
    found = constant("", len(table.body))
    if roles.finder.source.role != "partner":
        return found
    indicator = _of_rows(roles, indicator)
    reader = of_contract(PlaceReader, names.contract, "department")
    territories, remarks = roles.of_kind(*TERRITORY), roles.of_kind("ignored")
    for place in roles.of_kind(*WORDS, *TERRITORY):
        texts, header = table.column(place), table.name_of(place)
        if place in territories and any(
            read.code or read.named for read in map(reader.read, texts.found)
        ):
            continue  # else it is called so, and holds remarks
        of = None if names.is_of_programmes(header) else indicator
        cells = frozenset(map(fold, texts.found))
        said = texts.map(partial(_subject_of_row, names, of, month, cells, place in remarks))
        if names.asks_for_state(header):
            said = texts.map(partial(_unless_yes, header))
        found = found.replaced(said.where(bool), said) if said.where(bool).any() else found
    return found


def _of_rows(roles: RoleReader, indicator: str | None) -> str | None:
    """The indicator of all rows; None where columns name it."""
    return None if {"indicator", "indicator_id"} & set(roles.table.columns) else indicator


def _subject_of_row(
    names: ColumnNames,
    indicator: str | None,
    month: Month | None,
    cells: frozenset[str],
    of_remarks: bool,
    text: str,
) -> str:
    """The text, if it says that its row is no figure.

    Where remarks are as many as rows, words of longer ones may be about anything.
    """
    said = text.partition(" ")[2] if is_class(names, text, cells) else text
    says: object
    if len(cells) <= KINDS_AT_MOST or says_one_thing(names, said):
        programmes = any(map(names.is_own, filter(None, cells)))
        says = subject_of_cell(names, said, indicator, remark=not programmes)
    else:
        says = leaves_out(names, said)
    return text if says or is_earlier_or_part(names, text, month, remark=of_remarks) else ""


def _unless_yes(question: str, text: str) -> str:
    """A question with its answer, where that is no; else nothing."""
    return f"{clean(question)} {clean(text)}" if fold(text) in ("non", "n") else ""

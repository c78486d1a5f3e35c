"""What a heading, a name, a note or a cell says that figures are about, if not those of ours.

Of some beneficiaries only, targets, the figures of one month, of another partner or indicator,
other quantities.
"""

from __future__ import annotations

import itertools
import re
from pathlib import PurePath

from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.dates import DateReader
from acv_pipeline.tidying.names import ColumnNames
from acv_pipeline.tidying.phrases import LEFT_OUT, NEGATED, Phrases
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import any_word, fold, plain, says, words_pattern

# what is wrong no more: "erreur corrigée", "sans erreur"
MENDED = re.compile(
    r"(?<![a-z])(?:(?:sans|corrections? d(?:e|es)?) [a-z]+|"
    r"[a-z]+ (?:corrige|rectifie)(?:e|s|es)?)(?![a-z])"
)
SMALL = {"a", "de", "des", "du", "la", "le", "les", "d", "l", "fin", "annee", "par", "departement"}
MARKED = re.compile(r"\s*(?:\*|[(\[]?[0-9⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2} ?[)\].:])")  # of a figure or a name alone
BECAUSE = re.compile(r"(?<![a-z])(?:liee?s?|due?s?|grace|suite) (?:a|au|aux)(?![a-z])")
# words: longer texts explain, they are no headings
LONGEST_SUBJECT, LONGEST_PART, LONGEST_BELOW, FEW = 8, 14, 4, 3
SOON = 6  # words: what a long heading is about stands among the first


def other_subject(names: ColumnNames, table: Table) -> tuple[str, str] | None:
    """A heading that says that the table holds something else than figures of all.

    Returns:
        The heading, and what it is about (see ``subject_of``).
    """
    for text in table.title_texts:
        if is_discarded(names, text):
            return text, "discarded"
    for text in (*table.title_texts, table.sheet.name):
        if what := subject_of(names, text):
            return text, what
    return None


def subject_of_file(names: ColumnNames, file_name: str) -> str | None:
    """What else than figures of all a file's name says it holds, if anything.

    Its numbers are dates, and some words say what becomes of the file. One that condemns does so
    wherever it stands; a draft is provisional, and what is old, or in an archive, may be the
    dwellings or a copy.
    """
    stem, contract = PurePath(file_name).stem, names.contract
    words = plain(re.sub(r"[0-9_-]+", " ", stem))
    drafts = contract.standing_words.provisional
    condemning = (word for word in contract.discarded_sheets if word not in drafts)
    single = tuple(word for word in condemning if not word.startswith(("ancien", "archive")))
    if is_discarded(names, words) or is_condemned(re.sub("[0-9_]+", " ", stem), single):
        return "discarded"
    return subject_of(names, words_pattern(names.contract.remark_words.of_files).sub(" ", words))


def is_condemned(name: str, words: tuple[str, ...]) -> bool:
    """Whether a sheet's or a file's name says by one of some words that it does not count."""
    return words_pattern(words).search(MENDED.sub(" ", fold(name))) is not None


def is_discarded(names: ColumnNames, text: str) -> bool:
    """Whether a heading, a note or the name of a file says that its figures do not count.

    An instruction does. A single word does where it stands alone or is said of the file: other
    things may be obsolete, too. A draft is provisional; what is old, or in an archive, is so only
    as a sheet among others, or as a version.
    """
    folded, contract = fold(text), names.contract
    drafts = set(map(fold, contract.standing_words.provisional))
    words = set(map(fold, contract.discarded_sheets)) - drafts
    instructions = {word for word in words if " " in word}
    if words_pattern(tuple(instructions)).search(folded):
        return True
    months = (word for called in contract.month_words.values() for word in called)
    phrases = of_contract(Phrases, contract)
    sent, between = phrases.sent, phrases.between([*names.own_words, *months])
    single = {word for word in words - instructions if not word.startswith(("ancien", "archive"))}
    condemned = words_pattern(tuple(single)).pattern
    return any(
        re.search(pattern, folded)
        for pattern in (
            rf"^{between}(?:{sent} )?{between}{condemned}(?: {between}(?:{sent})?)?$",
            rf"{sent} {between}(?:[0-9]+ {between})?{condemned}",
            rf"^{between}{phrases.replaced}",
            rf"{sent} {between}(?:[0-9]+ {between})?{phrases.replaced}",
            rf"^{between}ancien(?:ne|s|nes)? {sent}",
        )
    )


def subject_of(
    names: ColumnNames, text: str, *, below: bool = False, of_row: bool = False
) -> str | None:
    """What else than figures of all a heading is about, if anything.

    Args:
        below: it is no heading but a note below the table, where sources and targets are named,
            and only few words may be its subject.
        of_row: it is a remark on one row, which may speak of a dossier of many.

    Returns:
        ``part``, ``target``, ``flow``, ``source``, ``quantity``, ``discarded`` or None.
    """
    phrases, told = of_contract(Phrases, names.contract), names.contract.remark_words
    text = phrases.without_deducted(phrases.numbering.sub("", text))
    folded = fold(text)
    words = folded.split()
    own, first = names.own_words, fold(re.split(r"[:(;]", text, maxsplit=1)[0])
    incomplete = phrases.are_incomplete(folded, own) or phrases.are_incomplete(first, own)
    if incomplete and not MARKED.match(text) and not phrases.is_mended(folded):
        return "part"
    long = len(words) > LONGEST_SUBJECT
    if not words or (long and below and not phrases.in_units.search(folded)):
        return None
    if below and is_discarded(names, text):
        return "discarded"
    unit = words_pattern(told.large_unit).search(folded) and len(words) <= LONGEST_BELOW
    if unit or phrases.in_units.search(folded):
        return "quantity"
    if not NEGATED.search(folded) and (is_without(names, text) or _is_without_some(names, folded)):
        return "part"
    asserted = phrases.asserted(text)
    changes = len(words) <= FEW and words_pattern(told.change).search(asserted)
    if changes or phrases.says_flow(asserted):
        return "flow"
    if _is_of_a_part(names, text, words[:SOON] if long else words) and len(words) <= LONGEST_PART:
        return "part"
    if long:
        return None
    if _is_of_a_period(names, text, below=below):
        return "flow"
    if any(c.isdigit() for c in re.sub(r"20[0-9]{2}", "", folded)) or "=" in text:
        return None  # it states something of them
    others = words_pattern((*told.quantity, *names.contract.other_states))
    requests = words_pattern(told.requests).search(asserted)
    if requests and of_row and not _is_about(names, requests):
        requests = None
    quantity = others.search(asserted) or requests or "€" in text
    quantity = quantity and not phrases.included.search(folded)
    wrong = None if phrases.is_mended(folded) else phrases.wrong.search(asserted)
    if wrong and wrong["file"]:
        return "discarded"
    quantity = bool(quantity or wrong)
    if below:
        heads = text.strip()[:1].isalnum() and not names.opens_note(text)
        return "quantity" if quantity and heads and len(words) <= LONGEST_BELOW else None
    if _is_of_targets(names, words):
        return "target"
    if _is_of_another_source(names, folded):
        return "source"
    return "quantity" if quantity and not _tells_whom_to_ask(names, words) else None


def _is_about(names: ColumnNames, found: re.Match[str]) -> bool:
    """Whether a remark is about what was found in it: that, and at most a word behind it.

    Or figures are counted in it.
    """
    contract = names.contract
    figures = words_pattern((*contract.remark_words.figure, *contract.figure_words))
    before, behind = (
        [w for w in figures.sub(" ", text).split() if w not in SMALL and not names.is_own(w)]
        for text in (found.string[: found.start()], found.string[found.end() :])
    )
    counted_in = found.string[: found.start()].endswith("en ")
    return counted_in or (not before and len(behind) <= 1)


def _tells_whom_to_ask(names: ColumnNames, words: list[str]) -> bool:
    return any(fold(word) in words for word in names.contract.remark_words.whom_to_ask)


def _is_of_a_part(names: ColumnNames, text: str, words: list[str]) -> bool:
    """Whether a text names one kind of part alone, and does so not to explain its name."""
    said = " ".join(words)
    kinds = {
        kind
        for kind, called in names.contract.part_names.items()
        if words_pattern(tuple(called)).search(said)
    }
    included = of_contract(Phrases, names.contract).included
    whole = any(map(names.is_whole, words)) or included.search(fold(text))
    # "hausse liée à une copropriété" is no part
    compared = words_pattern(names.contract.remark_words.compared).search(fold(text))
    explains = compared and BECAUSE.search(fold(text))
    if len(kinds) != 1 or whole or explains or _tells_whom_to_ask(names, words):
        return False
    name, colon, meaning = text.partition(":")
    return not (colon and names.is_part(name) and names.is_part(meaning))  # a legend


def _is_of_a_period(names: ColumnNames, text: str, *, below: bool) -> bool:
    """Whether a text names a beginning after that of the programme, or the days of one month.

    A note below is about the figures where nothing else stands before the date.
    """
    contract, sums = names.contract, words_pattern(names.contract.remark_words.sum)
    dates = list(of_contract(DateReader, contract).within(text))
    if below and not all(sums.match(fold(d.before)) for d in dates):
        return False
    since = [d.read.month for d in dates if d.kind == "beginning" and "depuis" in fold(d.before)]
    return any(month and month > contract.first_month for month in since) or any(
        first.kind == "beginning" and first.read.month == last.read.month
        for first, last in itertools.pairwise(dates)
    )


def _is_of_targets(names: ColumnNames, words: list[str]) -> bool:
    targets = {w for entry in names.contract.other_dates["target"] for w in fold(entry).split()}
    said = {word.removesuffix("s") for word in words if not word.isdigit()} - SMALL
    said -= {word.removesuffix("s") for word in names.own_words}
    return bool(said) and said <= {word.removesuffix("s") for word in targets}


def _is_of_another_source(names: ColumnNames, folded: str) -> bool:
    partners = [s for s in names.contract.sources.values() if s.role == "partner"]
    named = {s.id for s in partners if says(folded, s.label) or says(folded, s.id)}
    ours = names.source.role == "partner" and "hors" not in folded.split()
    return bool(named) and ours and names.source.id not in named


def is_without(names: ColumnNames, text: str) -> bool:
    """Whether a text speaks of what lies outside our indicator (``hors ACV``)."""
    default = names.source.default_indicator
    entries = [e for e in names.contract.indicators.values() if default in (None, e.id)]
    called = [name for entry in entries for name in (entry.short_name, *entry.names)]
    own = any_word(map(fold, [*called, "programme"]))
    return re.search(rf"(?<![a-z])(?:hors|non) (?:{own})(?![a-z])", fold(text)) is not None


def _is_without_some(names: ColumnNames, folded: str) -> bool:
    """Whether a folded text leaves out some of those whom the figures are about (``hors PB``)."""
    if not set(LEFT_OUT).intersection(folded.split()):
        return False
    parts, left_out = any_word(map(fold, names.contract.words_for_parts)), any_word(LEFT_OUT)
    return re.search(rf"(?<![a-z])(?:{left_out}) (?:les )?(?:{parts})", folded) is not None

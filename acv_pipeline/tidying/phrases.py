"""How words of headings, notes and remarks combine to say what figures are about.

The words themselves are the contract's (``remark_words``); what stands here are the small words
between them, years, and what turns their sense round. All is matched in folded text.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property

from acv_pipeline.contract import Contract
from acv_pipeline.contract.entries import RemarkWords
from acv_pipeline.tidying.dates import JOINING
from acv_pipeline.tidying.texts import any_word, fold, words_pattern

FLOW_OF_YEARS = re.compile(
    r"(?<![a-z])(?:depuis le 1er janvier(?! 20)|du 1er janvier(?: 2019| 20[2-9][0-9])? au|"
    r"cumul (?:2019|20[2-9][0-9])(?! [0-9t])|(?<![0-9] )logements(?: [a-z]+)? en 20[0-9]{2}|"
    r"20[0-9]{2} seule?)(?![a-z])"
)
BETWEEN = r"(?:(?:du|de|d|a|au|est|sont|ete|desormais|devenue?s?|20[0-9]{2}|{own}) )*"
BY_ANOTHER = r" par(?! (?:(?:celui|celle) ci|ce|cet|cette|le present)(?![a-z]))(?![a-z])"
LEAVES_OUT = re.compile(
    r"(?<![a-z])(?:hors|sauf|hormis|non comprise?s?|a l (?:exception|exclusion)|(?P<sans>sans))"
    r"(?![a-z])(?P<what>.*)"
)
SMALL = r"(?:(?:^| )(?:de|du|d|des|le|la|les|l|a|au|fin|mois|est|sont|celui|celle|ceux|celles))*"
NEGATED = re.compile(r"(?<![a-z])(?:n|ne|pas|exclus?|exclues?)(?![a-z])")
CLAUSES = re.compile(r"[,;:.()/]|\s[-–]\s")
# what a text says not to be in the figures: "et non flux", "nets des annulations"
DENIED = re.compile(
    r"(?<![a-z])(?<!non )"
    r"(?:ne pas|et non|tien(?:t|nent) compte d(?:u|es?)|net(?:te)?s? d(?:u|es?)) .*"
)
DENIES = r".*(?<![a-z])(?:n|ne|pas|aucune?|sans)(?![a-z])"
LEFT_OUT = ("hors", "sans", "sauf", "hormis")


@dataclass(frozen=True)
class Phrases:
    """Patterns of the contract's words, for folded text."""

    contract: Contract

    @property
    def words(self) -> RemarkWords:
        """The words."""
        return self.contract.remark_words

    def says_flow(self, folded: str) -> bool:
        """Whether a text speaks of figures of a month, a quarter or a year alone."""
        rest = words_pattern(self.words.no_flow).sub(" ", folded)
        found = words_pattern(self.words.flow).search(rest) or FLOW_OF_YEARS.search(folded)
        return found is not None or self._of_the_month.fullmatch(folded) is not None

    def without_deducted(self, text: str) -> str:
        """A text without what it says is not counted (``Les dossiers annulés sont déduits``)."""
        rest = self._deducted.sub(" ", fold(text))
        return text if rest == fold(text) else " ".join(rest.split())

    @cached_property
    def _deducted(self) -> re.Pattern[str]:
        things = rf"(?:(?:les )?{_any(self.words.counted)} )?{_any(self.words.never_ours)}"
        return re.compile(
            rf"(?<![a-z])nete?s? de(?:s)? {things}|"
            rf"(?<!aucune )(?<!aucun )(?<!pas d )(?<!pas de ){things} (?:(?:sont|ont ete) )?"
            r"(?:deduite?s?|exclue?s?|retiree?s?)(?![a-z])|"
            rf"{things} ne sont (?:pas|plus) (?:comptee?s?|incluse?s?|comprise?s?)(?![a-z])"
        )

    @cached_property
    def _of_the_month(self) -> re.Pattern[str]:
        """A heading of what was done in the month (``Nouveaux logements du mois``)."""
        done = rf"{_any((*self.words.change, *self.words.sum))}|nombre|nb|des?|d|les"
        things = rf"(?:engagement|agrement|{_any(self.words.counted)})s?(?: [a-z]+es)?"
        return re.compile(rf"(?:(?:{done}) )*{things} du mois")

    def asserted(self, text: str) -> str:
        """The folded text without what it denies: ``aucun dossier``, ``non estimé``, ``écart nul``.

        What denies something in one clause says nothing of the next.
        """
        clauses = (DENIED.sub("", fold(clause)) for clause in CLAUSES.split(text))
        return " ".join(self._denied.sub(" ", clause) for clause in clauses).strip()

    @cached_property
    def _denied(self) -> re.Pattern[str]:
        words = self.words
        counted = (*words.quantity, *words.requests, *words.change, *words.flow)
        all_said = _any((*counted, *self.contract.other_states))
        some = _any(words.deniable)
        new = "(?:(?:nouve(?:au|l|lle|aux|lles)|autres?) )?"
        return re.compile(
            rf"(?<![a-z])(?:(?:aucune?|(?:pas|plus) de|pas d) {new}{all_said}(?: {all_said})?|"
            rf"(?:non|pas|sans|ni)(?: (?:une?|des?|d|l))? {new}{some})(?! deduit)|"
            rf"{all_said} (?:est |sont )?nul(?:le)?s?(?![a-z])"
        )

    @cached_property
    def in_units(self) -> re.Pattern[str]:
        """Figures are said to be counted in thousands."""
        return re.compile(rf"(?<![a-z])(?:en|par|unites?) {_any(self.words.large_unit)}")

    @cached_property
    def included(self) -> re.Pattern[str]:
        """Something is named as counted with others, or beside them."""
        return words_pattern((*self.words.included, "et", "hors"))

    @cached_property
    def numbering(self) -> re.Pattern[str]:
        """The number of a heading, in the text as it stands."""
        kinds = any_word(self.words.numbered) or "(?!)"
        return re.compile(rf"(?i)^\s*(?:{kinds})\s*n?°?\s*[0-9]+\s*[:.–-]*")

    @cached_property
    def sent(self) -> str:
        """What may be obsolete: else it is a code or a list that the text speaks of."""
        return _any(self.words.sent)

    @cached_property
    def replaced(self) -> str:
        """It is replaced by something else than itself."""
        return _any(self.words.replaced) + BY_ANOTHER

    def between(self, own: Iterable[str]) -> str:
        """The small words between what was sent and what is said of it; also our ``own``."""
        return BETWEEN.replace("{own}", any_word(map(fold, own)))

    def is_mended(self, folded: str) -> bool:
        """Whether a text says that a mistake is mended, not that it is going to be."""
        mended = words_pattern(self.words.mended).search(folded)
        return mended is not None and not words_pattern(self.words.to_come).search(folded)

    @cached_property
    def wrong(self) -> re.Pattern[str]:
        """Something is wrong; the group ``file`` is there where it is all that was sent."""
        words = self.words
        wrong, untrue = _any(words.wrong), _any(words.untrue)
        file = _any((*words.sent, *words.figure, *words.sum))
        return re.compile(
            rf"(?P<file>{file}) (?:(?:est|sont) )?(?:{wrong}|{untrue})|{wrong}|"
            rf"(?<![a-z])(?:est|sont) {untrue}"
        )

    def leaves_out(self, folded: str) -> re.Match[str] | None:
        """What a remark on a row leaves out: its figure is not the whole.

        What is late or said with reserve leaves nothing out.
        """
        return LEAVES_OUT.search(words_pattern(self.words.reserve).sub(" ", folded))

    @cached_property
    def earlier(self) -> re.Pattern[str]:
        """A figure is that of the month before, or that of the ``month`` named."""
        words = self.words
        taken, before = _any((*words.repeated, *words.figure)), _any(words.month_before)
        again = rf"{_any(words.repeated)}{SMALL} {_any(words.figure)} precedente?s?$"
        return re.compile(
            rf"{taken}{SMALL} (?:{before}|(?P<month>{any_word(self.months)})(?![a-z]))|"
            rf"^{SMALL} ?{before}$|{again}"
        )

    @cached_property
    def of_month(self) -> re.Pattern[str]:
        """All of a remark: what was taken, and the ``month`` of which it is."""
        taken = _any((*self.words.repeated, *self.words.figure, *self.words.taken))
        return re.compile(rf"{SMALL} ?(?:(?:{taken}|arretee?s? au?){SMALL} )+{self.equals.pattern}")

    @cached_property
    def month_only(self) -> re.Pattern[str]:
        """All of a remark: only a month is meant, whichever."""
        month = rf"(?:{any_word(self.months)})(?: 20[0-9]{{2}})?"
        only = _any(word for word in self.words.alone if " " not in word)
        return re.compile(rf"{SMALL} ?(?:{month} {only}|{only}{SMALL} {month})")

    @cached_property
    def equals(self) -> re.Pattern[str]:
        """The same, of what a figure is said to be equal to (``= février``)."""
        return re.compile(rf"{SMALL} ?(?P<month>{any_word(self.months)})(?: 20[0-9]{{2}})?")

    @cached_property
    def some_only(self) -> re.Pattern[str]:
        """Only a place of the ``name`` is meant, in the text as it stands: it has a capital."""
        words = any_word((*self.words.alone, *map(fold, self.words.alone))) or "(?!)"
        before = r"(?:à|a|sur|de|du|des|pour|dans|et|la|le|les|ville|villes|communes?)\s+|[ld]['’]"
        return re.compile(rf"(?<!\w)(?i:{words})e?s?\s+(?i:{before})*(?P<name>[A-ZÀ-Ý][a-zà-ÿ]\w*)")

    @cached_property
    def one_place_only(self) -> re.Pattern[str]:
        """The same, of a remark that begins with the name (``Bourg uniquement``)."""
        words = any_word(word for word in self.words.alone if " " not in word) or "(?!)"
        return re.compile(rf"(?P<name>[A-ZÀ-Ý][a-zà-ÿ]+(?:-\w+)*)\s+(?i:{words})e?s?")

    @cached_property
    def no_places(self) -> set[str]:
        """Words for something else than a place that a sentence may begin with."""
        contract, words = self.contract, self.words
        told = [
            *contract.other_quantities,
            *contract.other_states,
            *words.whom_to_ask,
            *self._called,
        ]
        told += [word for called in contract.other_dates.values() for word in called]
        told += [word for entry in contract.indicators.values() for word in entry.names]
        told += [source.label for source in contract.sources.values()]
        return {fold(word).removesuffix("s") for word in (*told, *self.months)}

    @cached_property
    def months(self) -> dict[str, int]:
        """The number of each word for a month."""
        return {fold(w): n for n, called in self.contract.month_words.items() for w in called}

    def may_change(self, folded: str) -> bool:
        """A figure is provisional, or not definitive."""
        standing, negated = self.contract.standing_words, bool(NEGATED.search(folded))
        words = standing.definitive if negated else standing.provisional
        return words_pattern(tuple(w for w in words if len(fold(w)) > 1)).search(folded) is not None

    @cached_property
    def incomplete(self) -> re.Pattern[str]:
        """A remark on a row ends in saying that its figure is not all, or says only that."""
        words = self.words
        figures = _any((*words.figure, *words.sum, *words.collected, *words.counted))
        wrong = _any((*words.incomplete, *words.condemned))
        return re.compile(rf"(?!{DENIES})(?:.*{figures} (?:(?:est|sont) )?)?{wrong}")

    def are_incomplete(self, folded: str, own: Container[str]) -> bool:
        """Whether a heading says of the figures that they are not all, and nothing else.

        Args:
            own: words that say nothing else, beside dates, small and figures' ones.
        """
        return self.say_only(self._incomplete_figures, folded, own)

    def say_only(self, said: re.Pattern[str], folded: str, own: Container[str]) -> bool:
        """Whether a text says something of the figures, and nothing else."""
        rest, found = said.subn(" ", folded)
        known = self._of_figures
        return bool(found) and all(w.isdigit() or w in known or w in own for w in rest.split())

    @cached_property
    def _incomplete_figures(self) -> re.Pattern[str]:
        still = r"(?: (?:est|sont|encore|toujours|tres))*"
        return re.compile(rf"(?:{_any(self._called)}{still} )?{_any(self.words.incomplete)}")

    @cached_property
    def _called(self) -> list[str]:
        """What figures, and what holds them, are called."""
        words = self.words
        return [
            *words.figure,
            *words.sum,
            *words.collected,
            *words.sent,
            *self.contract.figure_words,
        ]

    @cached_property
    def _of_figures(self) -> set[str]:
        told = [*self.words.month_heading, *self.words.year_heading, *self.words.nota]
        told += [*self._called, *self.contract.standing_words.provisional]
        words = {word for text in told for word in fold(text).split()}
        return words | set(self.months) | JOINING | {"ce", "pour", "sont"}


def _any(words: Iterable[str]) -> str:
    return words_pattern(tuple(words)).pattern

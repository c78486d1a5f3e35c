"""What a remark says of the number beside it: another that counts, or that it is to be changed."""

from __future__ import annotations

import re

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.places import PlaceReader
from acv_pipeline.tidying.subjects import SMALL
from acv_pipeline.tidying.texts import any_word, clean, fold, plain, words_pattern

NUMBER = r"[0-9]{1,3}(?: [0-9]{3})+|[0-9]+"
INSTEAD = r"(?:et (?:non|pas)|au lieu d|plutot que|a la place d)"
FEW_WORDS = r"[^0-9a-z]*(?:(?:a|en|est|par|chiffre|valeur|cumul|nombre|total|soit)[^0-9a-z]+)*"
# anything but numbers may stand before a colon, days aside
UP_TO_COLON = r"(?:[^0-9]|[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{2,4})?){0,40}?[:=>→] ?"
NOTHING = re.compile(r"\b(?:rien|ne|pas|aucune?|sans|neant)\b")
A_NAME = re.compile(r".\b[A-ZÀ-Ý][a-zà-ÿ]")  # not at the beginning
TOGETHER = re.compile(r"(?i)\b(?:y compris|comprend|inclut|avec celui|avec ceux)\b(?= )")


class RemarkedNumbers:
    """What remarks say of the figures beside them, by a contract's words."""

    def __init__(self, contract: Contract) -> None:
        corrects = words_pattern(tuple(contract.correction_words)).pattern
        unit = rf"(?: ?(?:{any_word(map(plain, contract.figure_units))}))?"
        was = rf"(?:de )?(?:{NUMBER}){unit} ?(?:a|en|par|->|=>|→) ?"  # "corrigé de 37 à 44"
        right = rf"(?:{was})?(?<![+-])(?<![+-] )(?P<is>{NUMBER}){unit} ?(?:$|[(),;.!]|{INSTEAD})"
        told = contract.remark_words
        read = words_pattern(told.read_instead).pattern
        self._to_change, self._not_come = map(words_pattern, (told.to_change, told.not_come))
        self._figures = any_word(map(fold, (*told.figure, *told.collected)))
        self._right = re.compile(
            rf"(?:{read}{FEW_WORDS}|(?:{corrects}){UP_TO_COLON}){right}|"
            rf"(?P<not>{NUMBER}){unit} {INSTEAD}"
        )
        self._likely = re.compile(rf"(?:{corrects}){FEW_WORDS}{right}")
        self._alone = re.compile(rf"(?P<is>{NUMBER}){unit}(?: ?\((?P<who>[^()0-9]+)\))?")
        months = [word for words in contract.month_words.values() for word in words]
        values = [word for words in contract.value_types.values() for word in words]
        self._others = words_pattern(
            (*contract.other_quantities, *contract.words_for_parts, *months, *values)
        )
        what = [
            *told.figure,
            *told.sum,
            *told.collected,
            *told.sent,
            *told.quantity,
            *told.requests,
        ]
        what += [*told.never_ours, *told.to_add, *contract.figure_units, *months]
        what += [*contract.words_for_parts, *contract.headers["part_of_territory"]]
        self._counted = words_pattern(tuple(what))
        self._agreed = words_pattern((*told.begun, *contract.other_dates["agreement"]))
        self._places = of_contract(PlaceReader, contract, "department")
        places = any_word(map(plain, contract.headers["part_of_territory"]))
        self._some_of = re.compile(
            rf"\b(?P<some>[0-9]{{1,2}}) (?:{places}) (?:[a-z]+ )?sur (?P<all>[0-9]{{1,2}})\b"
        )

    def right(self, text: str) -> int:
        """The number that a remark says outright to be the right one; -1 for none."""
        if not any(map(str.isdigit, text)):
            return -1
        found = self._right.search(plain(clean(text)))
        return _whole(found["is"] or found["not"]) if found else -1

    def likely(self, text: str) -> int:
        """The number behind a word of correction, or that is all of a remark but who says it.

        It may be another, as that of dossiers; -1 for none.
        """
        said = plain(clean(text))
        if not any(map(str.isdigit, said)) or self._right.search(said):
            return -1
        if found := self._likely.search(said):
            return _whole(found["is"])
        found = self._alone.fullmatch(said)
        if not found or self._others.search(fold(found["who"] or "")):
            return -1
        return -1 if self._places.read(clean(text)).named else _whole(found["is"])

    def asks_for_change(self, text: str) -> bool:
        """Whether a remark says that something is still to be added or taken away.

        Or that nothing has come (``pas de réponse``), or of how many places only a figure is (``2
        villes sur 3``), not how many have signed. What is to be added is what figures count, or
        has a name: a task may be anything else.
        """
        said = plain(clean(text))
        some = self._some_of.search(said)
        if some and int(some["some"]) < int(some["all"]):
            return self._agreed.search(fold(said[some.end() :])) is None
        begins = re.sub(rf"^(?:{self._figures})s? ", "", fold(said))
        if self._not_come.match(begins):
            return True
        rest, asked = self._to_change.subn(" ", fold(said))
        if not asked or NOTHING.search(said):
            return False
        what = self._counted.search(rest) or re.search("[0-9]", rest) or A_NAME.search(clean(text))
        return bool(what) or not set(rest.split()) - SMALL

    def names_another(self, text: str, code: str | None) -> bool:
        """Whether a remark says that the figure of the territory ``code`` holds another's, too."""
        together = TOGETHER.search(text)
        others = self._places.named_alone_in(text[together.end() :]) if together else []
        return any(other != code for other in others)


def _whole(number: str) -> int:
    return int(number.replace(" ", "")) if len(number) < len("100 000 000") else -1

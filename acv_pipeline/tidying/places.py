"""Départements and regions, as people write them: by code, by name, by both, or in parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.texts import any_word, clean, compact, fold, without_accents

PREFIX = r"(?:d|ddtm?|dep|dept|dpt|departement|fr|code)?"
DEPARTMENT_CODE = re.compile(rf"{PREFIX} ?(?P<code>0?2[ab]|20[ab]|[0-9]{{1,3}})(?: 00?)?")
REGION_CODE = re.compile(r"(?:r|reg|region|code)? ?(?P<code>[0-9]{1,2})(?: 00?)?")
# a name before another, and behind it: "Val de Loire", "Lons-le-Saunier (Jura)", "Loire Forez"
LONGER = re.compile(r"(?<![\w-])(?!L[ae]s? )[A-ZÀ-Ý][\w-]*[a-zà-ÿ](?: | ?\(| - | de | d['’])$")
GOES_ON = re.compile(r" [A-ZÀ-Ý][a-zà-ÿ]")
ABBREVIATIONS = {
    "st": "saint",
    "ste": "sainte",
    "hte": "haute",
    "htes": "hautes",
    "terr": "territoire",
}
ARTICLES = {"le", "la", "les", "l", "d", "de", "du", "des", "departement", "region"}


@dataclass(frozen=True)
class Place:
    """A territory found in a text: at most one of a code and a name, or both.

    Attributes:
        part: the code of the part of the territory that is meant (``69M`` of ``69``), if any.
    """

    code: str | None = None
    named: str | None = None
    part: str | None = None


@dataclass(frozen=True)
class PlaceReader:
    """Recognises the territories of one level (``department`` or ``region``)."""

    contract: Contract
    level: str

    @cached_property
    def official(self) -> dict[str, str]:
        """Official name by code."""
        known = self.contract.territories
        return known.departments if self.level == "department" else known.regions

    @cached_property
    def by_name(self) -> dict[str, str]:
        """Code by the folded name, variants included."""
        contract = self.contract
        variants = (
            contract.department_variants if self.level == "department" else contract.region_variants
        )
        names = {essence(name): code for code, name in self.official.items()}
        names |= {essence(name): code for code, group in variants.items() for name in group}
        return names

    def code_of(self, text: str) -> str | None:
        """The code that the whole text writes: ``1``, ``01``, ``1.0``, ``D01``, ``2a``, ``20A``."""
        text = clean(text)
        if text in self.official:
            return text
        pattern = DEPARTMENT_CODE if self.level == "department" else REGION_CODE
        match = pattern.fullmatch(fold(text))
        if not match:
            return None
        code = match["code"].upper()
        if code.endswith(("A", "B")):
            code = f"2{code[-1]}"
        elif len(code) < 3:
            code = code.zfill(2)
        return code if code in self.official else None

    def name_of(self, text: str) -> str | None:
        """The code of the territory that the whole text names, whatever note it refers to."""
        return self.by_name.get(essence(self._note.sub("", text)))

    @cached_property
    def _note(self) -> re.Pattern[str]:
        remarks = any_word(self.contract.name_remarks)
        return re.compile(rf"(?i)\s*\((?:[0-9]{{1,2}}|{remarks or '(?!)'})\)$")

    @cached_property
    def parts(self) -> dict[str, tuple[str, str]]:
        """The code of the whole and of the part, by what the part is called."""
        if self.level != "department":
            return {}
        return {
            essence(name): (whole, part)
            for whole, parts in self.contract.department_parts.items()
            for part, names in parts.items()
            for name in (part, f"{part} {names[0]}", f"{whole} {names[0]}", *names)
        }

    def part_of(self, text: str) -> Place | None:
        """The part of a territory that the whole text names: ``69M``, ``Métropole de Lyon``."""
        whole, part = self.parts.get(essence(text), (None, None))
        return Place(whole, whole, part) if whole else None

    def read(self, text: str) -> Place:
        """The code, the name, or both (``01 - Ain``, ``Ain (01)``) that a cell holds."""
        if part := self.part_of(text):
            return part
        if code := self.code_of(text):
            return Place(code)
        if named := self.name_of(text):
            return Place(named=named)
        words = fold(clean(text)).split()
        for cut in range(1, len(words)):
            front, back = " ".join(words[:cut]), " ".join(words[cut:])
            for code_part, name_part in ((front, back), (back, front)):
                by_code, by_name = self.part_of(code_part), self.part_of(name_part)
                if by_name and (by_code or self.code_of(code_part) == by_name.code):
                    return by_name
                code, named = self.code_of(code_part), self.name_of(name_part)
                if code and named:
                    return Place(code, named)
        return Place()

    def of_note(self, text: str) -> tuple[list[str], str]:
        """The territories that a note is about, if any, and what it says of them.

        It begins with one, or with words such as ``N.B.`` and names them. A single digit, or any
        number behind such words, is that of a note; a note on a part of a territory is a legend.
        """
        nota = self._nota.match(text)
        text = text[nota.end() :] if nota else text
        named, _, said = text.partition(":")
        place = self.read(named.strip(" (*-–•"))
        code = place.code or place.named
        numbered = not any(map(str.isalpha, named)) and (nota or len(fold(named)) < 2)
        if code and said and not numbered and not place.part:
            return [code], said
        return self.named_in(text) if nota else ([], said)

    def named_in(self, text: str) -> tuple[list[str], str]:
        """The territories that a sentence names, and what it says of them."""
        found = [self._named[match["name"]] for match in self._in_words.finditer(text)]
        return list(filter(None, found)), self._in_words.sub(" ", text)

    def named_alone_in(self, text: str) -> list[str]:
        """The territories that a sentence names, but in no longer name (``Cahors (Lot)``)."""
        found = (
            self._named[match["name"]]
            for match in self._in_words.finditer(text)
            if not LONGER.search(text[: match.start("name")])
            and not GOES_ON.match(text[match.end() :])
        )
        return list(filter(None, found))

    @cached_property
    def _nota(self) -> re.Pattern[str]:
        words = any_word(self.contract.remark_words.nota) or "(?!)"
        return re.compile(rf"(?i)\s*[(*]?\s*(?:{words})(?!\w)[\s.:,–-]*")

    @cached_property
    def _named(self) -> dict[str, str | None]:
        """The code of each territory as a sentence names it; None for what is none of its level."""
        contract = self.contract
        known = {name: code for code, name in self.official.items()}
        parts = [names for of in contract.department_parts.values() for names in of.values()]
        others = [*contract.territories.regions.values(), *(name for p in parts for name in p)]
        named = {**dict.fromkeys(others), **known}
        ways = (str, str.upper, without_accents, lambda name: without_accents(name).upper())
        return {way(name): code for name, code in named.items() for way in ways}

    @cached_property
    def _in_words(self) -> re.Pattern[str]:
        before = (
            r"(?:(?:,|\bet\b)\s*)?(?:(?:\b(?:de|du|des|le|la|les|pour|dans)\s+)|\b[ld]['’]\s*)*"
        )
        return re.compile(rf"(?i:{before})(?<![\w-])(?P<name>{any_word(self._named)})(?![\w-])")

    def agrees(self, code: str, label: str) -> bool:
        """Whether ``label`` names the territory ``code``; lost characters (� or ?) may differ."""
        if self.name_of(label) == code or ((part := self.part_of(label)) and part.code == code):
            return True
        both = self.read(label)
        if both.code and both.named:
            return both.code == both.named == code
        if "\ufffd" not in label and "?" not in label:
            return False
        pattern = re.escape(compact(label.replace("?", "\ufffd"))).replace("\ufffd", ".{0,2}")
        return re.fullmatch(pattern, compact(self.official[code])) is not None


def essence(name: str) -> str:
    """A name in one word, without the articles around it: ``Côte d'Or``, ``REUNION (La)``."""
    words = [ABBREVIATIONS.get(word, word) for word in fold(clean(name)).split()]
    while len(words) > 1 and words[0] in ARTICLES:
        words.pop(0)
    while len(words) > 1 and words[-1] in ARTICLES:
        words.pop()
    return "".join(words)

"""What a person reads: facts laid out as messages, one per group, for somebody new to all this."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from acv_pipeline.contract import Month
from acv_pipeline.contract.months import in_words, shift
from acv_pipeline.language import _, plural
from acv_pipeline.operations.alerts.evidence import POINT
from acv_pipeline.operations.alerts.fact import Fact
from acv_pipeline.operations.alerts.letter import letter, quarantine_sheets
from acv_pipeline.operations.alerts.message_parts import (
    Heading,
    Line,
    Link,
    Part,
    Point,
    as_html,
    as_text,
    letter_html,
    letter_text,
)

Verb = Literal["tell", "remind", "solve"]
Weight = Literal["error", "warn", "info"]

MERGE_ABOVE = 5  # more messages than this at once are merged into one: nobody reads a flood
EXAMPLES = 3


@dataclass(frozen=True)
class Item:
    """One fact to be told, reminded of, or said to be over.

    It stands ``since`` (ISO, UTC); ``last_told`` is empty the first time, and so is ``thread``: the
    key of the message that told it first.
    """

    verb: Verb
    fact: Fact
    since: str
    last_told: str = ""
    thread: str = ""


@dataclass(frozen=True)
class ToForward:
    """A letter as a mail of its own; ``sheets``: delivery and file name of what goes with it."""

    subject: str
    text: str
    html: str
    sheets: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Message:
    """One message as it goes out.

    Attributes:
        key: the same whenever the same things are said again; receivers may drop repeats by it.
        weight: ``info`` for what is over, and the digest.
        text: for chats and logs.
        mail: what a mail says as text, where that is more.
        html: what a mail says.
        report: path of the report page, for who wants it attached, if it is still there by then.
        letters: what partners are to be told, each to be forwarded from a mail as it is.
    """

    key: str
    weight: Weight
    subject: str
    text: str
    mail: str | None = None
    html: str | None = None
    items: tuple[Item, ...] = ()
    report: str | None = None
    letters: tuple[ToForward, ...] = ()

    @property
    def replies_to(self) -> list[str]:
        """The keys of the messages that told first what this one is about."""
        return sorted({item.thread for item in self.items} - {"", self.key})


def subject_line(text: str, notice: str | None) -> str:
    """Who speaks, whether figures are synthetic, and of what."""
    if notice:
        return _("[ACV figures, synthetic] {text}", text=text)
    return _("[ACV figures] {text}", text=text)


def compose(
    items: Iterable[Item], links_base: str | None, notice: str | None = None
) -> list[Message]:
    """One message per group and verb; all of one verb in one message when they would be many.

    Args:
        links_base: address of the Dagster UI.
        notice: what must be known of all figures before anything else.
    """
    ordered = sorted(
        items,
        key=lambda i: (
            *(i.verb, i.fact.severity != "error", i.fact.group),
            *(i.fact.month is None, i.fact.month, i.fact.key),
        ),
    )
    messages: list[Message] = []
    for verb, of_verb in groupby(ordered, key=lambda i: i.verb):
        by_name: dict[str, list[Item]] = defaultdict(list)
        for item in of_verb:
            by_name[item.fact.group].append(item)
        groups = list(by_name.values())
        if len(groups) > MERGE_ABOVE:
            headline = _count(verb, groups)
            messages.append(
                _message(groups, headline, _merged(groups, headline, links_base), notice)
            )
        else:
            messages += [
                _message([group], _headline(_facts(group)), _single(group, links_base), notice)
                for group in groups
            ]
    return sorted(messages, key=lambda m: ("error", "warn", "info").index(m.weight))


def which(months: Sequence[Month]) -> str:
    """``March 2021``, ``March and May 2021`` or ``40 months (October 2018 to January 2022)``."""
    ordered = sorted(set(months))
    first, last = in_words(ordered[0]), in_words(ordered[-1])
    if len(ordered) == 1:
        return str(first)
    if len(ordered) <= 3:
        before = ", ".join(str(in_words(month)) for month in ordered[:-1])
        return _("{before} and {last}", before=before, last=last)
    if ordered[-1] == shift(ordered[0], len(ordered) - 1):
        return _("{count} months ({first} to {last})", count=len(ordered), first=first, last=last)
    return _(
        "{count} months (between {first} and {last})", count=len(ordered), first=first, last=last
    )


def _headline(facts: Sequence[Fact]) -> str:
    if len(facts) == 1:
        return facts[0].title
    months = [fact.month for fact in facts if fact.month is not None]
    # two deliveries of the same month are two facts about one month
    return facts[0].titles.format(count=len(facts), which=which(months) if months else "")


def _facts(items: Iterable[Item]) -> list[Fact]:
    return [item.fact for item in items]


def _weight(verb: Verb, facts: Iterable[Fact]) -> Weight:
    if verb == "solve":
        return "info"
    return "error" if any(fact.severity == "error" for fact in facts) else "warn"


def _message(
    groups: Sequence[Sequence[Item]], headline: str, parts: list[Part], notice: str | None
) -> Message:
    items = [item for group in groups for item in group]
    verb, key = items[0].verb, _key(items)
    weight = _weight(verb, _facts(items))
    subject = subject_line(_with_verb(verb, weight, headline), notice)
    shown, letters = ([], []) if verb == "solve" else _letters(groups)
    footer = _signed(key)
    return Message(
        key,
        weight,
        subject,
        _text(parts, notice, footer),
        mail=_text([*parts, *shown], notice, footer) if shown else None,
        html=as_html(subject, [*parts, *shown], notice, footer),
        items=tuple(items),
        letters=tuple(letters),
    )


def _with_verb(verb: Verb, weight: Weight, headline: str) -> str:
    if verb == "solve":
        return _("Solved: {headline}", headline=headline)
    if verb == "remind":
        return _("Still open: {headline}", headline=headline)
    return _weighed(weight, headline)


def _weighed(weight: Weight, headline: str) -> str:
    if weight == "error":
        return _("Error: {headline}", headline=headline)
    return _("Warning: {headline}", headline=headline)


def _letters(groups: Sequence[Sequence[Item]]) -> tuple[list[Part], list[ToForward]]:
    """What partners are to be told: as part of a message, and each as a mail of its own."""
    parts: list[Part] = []
    letters: list[ToForward] = []
    for group in groups:
        if told := [fact.for_partner for fact in _facts(group) if fact.for_partner]:
            asked = ", ".join(dict.fromkeys(role for item in group for role in item.fact.ask))
            one = letter(told)
            parts += [Heading(_("To be forwarded to {contact}", contact=asked)), one]
            sheets = tuple(quarantine_sheets(told).items())
            letters.append(ToForward(one.subject, letter_text(one), letter_html(one), sheets))
    if parts:
        hint = _("The same is attached as a mail of its own: open it and forward it.")
        parts.insert(1, Line(hint))
    return parts, letters


def _single(group: Sequence[Item], links_base: str | None) -> list[Part]:
    if group[0].verb != "solve":
        return _body(_facts(group), links_base)
    return [
        Heading(_("This no longer stands; nothing needs to be done:")),
        *(Line(_over(item)) for item in group),
    ]


def _over(item: Item) -> str:
    return _("{what} (stood since {day})", what=item.fact.title, day=item.since[:10])


def _merged(groups: Sequence[Sequence[Item]], headline: str, links_base: str | None) -> list[Part]:
    verb = groups[0][0].verb
    parts: list[Part] = [Line(_("{headline}, in short:", headline=headline))]
    parts += [Point(_short(verb, _facts(group))) for group in groups]
    if verb != "solve":
        parts.append(Heading(_("In detail:")))
        for group in groups:
            facts = _facts(group)
            parts += [Heading(_short(verb, facts), 1), *_body(facts, links_base, examples=1)]
    return parts


def _count(verb: Verb, groups: Sequence[Sequence[Item]]) -> str:
    """``1 error and 12 warnings``."""
    if verb == "solve":
        return _("{count} things are in order again", count=len(groups))
    errors = [_weight(verb, _facts(group)) for group in groups].count("error")
    parts = []
    if errors:
        parts.append(plural("{count} error", "{count} errors", errors))
    if warnings := len(groups) - errors:
        parts.append(plural("{count} warning", "{count} warnings", warnings))
    if len(parts) == 2:
        return _("{before} and {last}", before=parts[0], last=parts[1])
    return parts[0]


def _short(verb: Verb, facts: Sequence[Fact]) -> str:
    headline = _headline(facts)
    return headline if verb == "solve" else _weighed(_weight(verb, facts), headline)


def _body(facts: Sequence[Fact], links_base: str | None, examples: int = EXAMPLES) -> list[Part]:
    parts: list[Part] = [Heading(_("What is wrong"))]
    if len(facts) == 1:
        parts += _lines(facts[0])
    else:
        shown = facts[-examples:]
        parts.append(Line(_("{count} in all: {which}.", count=len(facts), which=_listed(facts))))
        if len(shown) < len(facts):
            parts.append(Line(plural("The last:", "The last {count}:", examples)))
        for fact in shown:
            parts += [Heading(fact.title, 3), *_lines(fact)]
    advice = dict.fromkeys(step for fact in facts[-examples:] for step in fact.what_to_do)
    asked = dict.fromkeys(role for fact in facts for role in fact.ask)
    parts += [Heading(_("Whom to ask")), *map(Line, asked)]
    parts += [Heading(_("What to do")), *map(Line, advice)]
    links = dict.fromkeys(filter(None, (_address(fact.link, links_base) for fact in facts)))
    if links:
        parts += [Heading(_("Where to look")), *map(Link, list(links)[:EXAMPLES])]
    return parts


def _lines(fact: Fact) -> list[Part]:
    return [
        Point(line.removeprefix(POINT)) if line.startswith(POINT) else Line(line)
        for line in fact.lines
    ]


def _listed(facts: Sequence[Fact]) -> str:
    months = sorted({fact.month for fact in facts if fact.month is not None})
    if months:
        return ", ".join(f"{month:%Y-%m}" for month in months)
    return "; ".join(fact.title for fact in facts)


def _address(link: str, base: str | None) -> str | None:
    if "://" in link:
        return link
    return f"{base.rstrip('/')}{link}" if base else None


def _text(parts: Sequence[Part], notice: str | None, footer: str) -> str:
    above = f"{notice}\n\n" if notice else ""
    return f"{above}{as_text(parts)}\n\n-- \n{footer}\n"


def _signed(key: str) -> str:
    return _(
        "Sent by acv_pipeline, which prepares the public indicator “Action Cœur de Ville: "
        "dwellings supported”. Reference {key}.",
        key=key,
    )


def _key(items: Iterable[Item]) -> str:
    said = sorted((i.verb, i.fact.key, i.fact.version, i.since, i.last_told) for i in items)
    return short_hash(json.dumps(said))


def short_hash(text: str) -> str:
    """Of messages and threads."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]

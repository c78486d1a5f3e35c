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
from acv_pipeline.contract.months import in_english, shift
from acv_pipeline.operations.alerts.facts import Fact

Verb = Literal["tell", "remind", "solve"]
Weight = Literal["error", "warn", "info"]

SUBJECT = "[ACV figures]"
MERGE_ABOVE = 5  # more messages than this at once are merged into one: nobody reads a flood
EXAMPLES = 3
_PREFIX: dict[str, str] = {"error": "Error", "warn": "Warning"}


@dataclass(frozen=True)
class Item:
    """One fact to be told, reminded of, or said to be over.

    It stands ``since`` (ISO, UTC); ``last_told`` is empty the first time.
    """

    verb: Verb
    fact: Fact
    since: str
    last_told: str = ""


@dataclass(frozen=True)
class Message:
    """One message as it goes out.

    Attributes:
        key: the same whenever the same things are said again; receivers may drop repeats by it.
        thread: the same for all messages about one group.
        attachment: path of a file that goes with it by mail, if it is still there by then.
    """

    key: str
    thread: str
    weight: Weight
    subject: str
    text: str
    html: str | None = None
    items: tuple[Item, ...] = ()
    attachment: str | None = None


def compose(items: Iterable[Item], links_base: str | None) -> list[Message]:
    """One message per group and verb; all of one verb in one message when they would be many."""
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
            messages.append(_merged(verb, groups, links_base))
        else:
            messages += [_message(verb, group, links_base) for group in groups]
    return sorted(messages, key=lambda m: ("error", "warn", "info").index(m.weight))


def which(months: Sequence[Month]) -> str:
    """``March 2021``, ``March and May 2021`` or ``40 months (October 2018 to January 2022)``."""
    ordered = sorted(set(months))
    names = [in_english(month) for month in ordered]
    if len(names) <= 3:
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    whole = ordered[-1] == shift(ordered[0], len(ordered) - 1)
    between = f"{names[0]} to {names[-1]}" if whole else f"between {names[0]} and {names[-1]}"
    return f"{len(names)} months ({between})"


def _headline(facts: Sequence[Fact]) -> str:
    if len(facts) == 1:
        return facts[0].title
    months = [fact.month for fact in facts if fact.month is not None]
    # two deliveries of the same month are two facts about one month
    return facts[0].titles.format(count=len(facts), which=which(months) if months else "")


def _weight(verb: Verb, facts: Iterable[Fact]) -> Weight:
    if verb == "solve":
        return "info"
    return "error" if any(fact.severity == "error" for fact in facts) else "warn"


def _subject(verb: Verb, weight: Weight, headline: str) -> str:
    prefix = {"solve": "Solved", "remind": "Still open"}.get(verb) or _PREFIX[weight]
    return f"{SUBJECT} {prefix}: {headline}"


def _message(verb: Verb, group: Sequence[Item], links_base: str | None) -> Message:
    facts = [item.fact for item in group]
    weight = _weight(verb, facts)
    subject = _subject(verb, weight, _headline(facts))
    key = _key(group)
    if verb == "solve":
        over = [f"  {item.fact.title} (stood since {item.since[:10]})" for item in group]
        body = "\n".join(["This no longer stands; nothing needs to be done:", *over])
    else:
        body = _body(facts, links_base)
    return Message(
        key, _digest(facts[0].group), weight, subject, _signed(body, key), items=tuple(group)
    )


def _merged(verb: Verb, groups: Sequence[Sequence[Item]], links_base: str | None) -> Message:
    items = [item for group in groups for item in group]
    weight = _weight(verb, (item.fact for item in items))
    key = _key(items)
    headline = _count(verb, groups)
    parts = [f"{headline}, in short:"]
    parts += [f"- {_short(verb, [item.fact for item in group])}" for group in groups]
    if verb != "solve":
        parts += ["", "In detail:"]
        for group in groups:
            facts = [item.fact for item in group]
            rule = "=" * 72
            parts += ["", rule, _short(verb, facts), rule, "", _body(facts, links_base, examples=1)]
    text = _signed("\n".join(parts), key)
    return Message(
        key, _digest(key), weight, _subject(verb, weight, headline), text, items=tuple(items)
    )


def _count(verb: Verb, groups: Sequence[Sequence[Item]]) -> str:
    """``1 error and 12 warnings``."""
    if verb == "solve":
        return f"{len(groups)} things are in order again"
    weights = [_weight(verb, (item.fact for item in group)) for group in groups]
    parts = [
        f"{count} {word if count == 1 else word + 's'}"
        for weight, word in (("error", "error"), ("warn", "warning"))
        if (count := weights.count(weight))  # type: ignore[arg-type]
    ]
    return " and ".join(parts)


def _short(verb: Verb, facts: Sequence[Fact]) -> str:
    prefix = "" if verb == "solve" else f"{_PREFIX[_weight(verb, facts)]}: "
    return f"{prefix}{_headline(facts)}"


def _body(facts: Sequence[Fact], links_base: str | None, examples: int = EXAMPLES) -> str:
    parts = ["What is wrong"]
    if len(facts) == 1:
        parts += [f"  {line}" for line in facts[0].lines]
    else:
        shown = facts[-examples:]
        parts.append(f"  {len(facts)} in all: {_listed(facts)}.")
        if len(shown) < len(facts):
            parts.append("  The last:" if examples == 1 else f"  The last {examples}:")
        for fact in shown:
            parts += ["", f"  {fact.title}", *(f"    {line}" for line in fact.lines)]
    advice = dict.fromkeys(step for fact in facts[-examples:] for step in fact.what_to_do)
    asked = dict.fromkeys(role for fact in facts for role in fact.ask)
    parts += ["", "Whom to ask", *(f"  {role}" for role in asked)]
    parts += ["", "What to do", *(f"  {step}" for step in advice)]
    links = dict.fromkeys(filter(None, (_address(fact.link, links_base) for fact in facts)))
    if links:
        parts += ["", "Where to look", *(f"  {link}" for link in list(links)[:EXAMPLES])]
    return "\n".join(parts)


def _listed(facts: Sequence[Fact]) -> str:
    months = sorted({fact.month for fact in facts if fact.month is not None})
    if months:
        return ", ".join(f"{month:%Y-%m}" for month in months)
    return "; ".join(fact.title for fact in facts)


def _address(link: str, base: str | None) -> str | None:
    if "://" in link:
        return link
    return f"{base.rstrip('/')}{link}" if base else None


def _signed(body: str, key: str) -> str:
    return (
        f"{body}\n\n-- \nSent by acv_pipeline, which prepares the public indicator "
        f"“Action Cœur de Ville: dwellings supported”. Reference {key}.\n"
    )


def _key(items: Iterable[Item]) -> str:
    said = sorted((i.verb, i.fact.key, i.fact.version, i.since, i.last_told) for i in items)
    return _digest(json.dumps(said))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

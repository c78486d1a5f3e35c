"""The contract's entry of an indicator, as text, and the contract with it.

The contract is text that people wrote: what is not replaced stays as it is, comments included.
"""

from __future__ import annotations

import difflib
import itertools
import json
import textwrap
from pathlib import Path
from typing import Any

import yaml

from acv_pipeline.calibration.expected import Expected
from acv_pipeline.calibration.habits import Habits
from acv_pipeline.calibration.past import Past
from acv_pipeline.contract.entries import Thresholds

OURS = (
    "panel_excludes",
    "panel_sometimes",
    "panel_joins",
    "unusual_months",
    "months_between",
    "sister",
    "thresholds",
)
"""What calibrating writes; the other keys of an entry are people's."""
OPENING = "    # Learned by acv calibrate"


def learned_lines(past: Past, habits: Habits, expected: Expected) -> list[str]:
    """The part of the entry that is learned, with what to expect of it as a comment."""
    entry = habits.indicator
    told = [
        f"{OPENING} from {past.deliveries} deliveries of {past.source.id}, "
        f"{past.months[0]:%Y-%m} to {past.months[-1]:%Y-%m}."
    ]
    told += [f"    # {line}" for line in expected_lines(expected)]
    lines = [
        *told,
        f"    panel_excludes: {json.dumps(entry.panel_excludes)}",
    ]
    if entry.months_between > 1:
        lines.append(f"    months_between: {entry.months_between}")
    if entry.panel_sometimes:
        lines.append(f"    panel_sometimes: {json.dumps(entry.panel_sometimes)}")
    if entry.panel_joins:
        lines.append(f"    panel_joins: {json.dumps(entry.panel_joins)}")
    if entry.unusual_months:
        months = ", ".join(f"{month:%Y-%m}" for month in entry.unusual_months)
        lines.append(f"    unusual_months: [{months}]")
    lines = [part for line in lines for part in _wrapped(line)]
    if entry.sister:
        lines.append(f"    sister: {entry.sister}")
    if own := {
        rule: different
        for rule, common in past.contract.thresholds.items()
        if (different := {n: t for n, t in entry.thresholds[rule].items() if t != common[n]})
    }:
        lines += ["    thresholds:", *threshold_lines(own)]
    return lines


def _wrapped(line: str) -> list[str]:
    indent = "    #   " if line.lstrip().startswith("#") else "      "
    return textwrap.wrap(line, 100, subsequent_indent=indent, break_on_hyphens=False)


def threshold_lines(thresholds: Thresholds) -> list[str]:
    """Thresholds in the contract's form."""
    lines = []
    for rule, names in thresholds.items():
        lines.append(f"      {rule}:")
        for name, threshold in names.items():
            why = json.dumps(threshold.why, ensure_ascii=False)
            lines += [f"        {name}:", f"          value: {threshold.value:g}"]
            lines.append(f"          why: {why}")
    return lines


def expected_lines(expected: Expected) -> list[str]:
    """What to expect, in plain lines."""
    share = len(expected.held) / expected.judged if expected.judged else 0
    return [
        "Each month judged with what the others teach: "
        f"{len(expected.held)} of {expected.judged} good months held ({share:.0%}).",
        *(f"{kind}: {found} of {made} held." for kind, (made, found) in expected.caught.items()),
    ]


def contract_with(path: Path, past: Past, lines: list[str]) -> str:
    """The text of the contract at ``path`` with the learned part of the entry.

    Raises:
        OSError: it cannot be read.
        yaml.YAMLError: it is no YAML.
    """
    text = path.read_text(encoding="utf-8")
    content, indicator = yaml.safe_load(text), past.indicator
    if indicator.id in content["indicators"]:
        return _replaced(text, indicator.id, lines)
    label, unit = past.words.get("indicateur", indicator.id), past.unit or "units"
    named = [
        f"  {indicator.id}:    # the names are yours to choose",
        f"    short_name: {_scalar(indicator.id)}",
        f"    label: {_scalar(label)}",
        f"    label_en: {_scalar(label)}",
        "    names: []",
        f"    unit: {_scalar(unit)}",
        f"    first_month: {past.months[0]:%Y-%m}",
    ]
    text = _after(text, ["indicators"], [*named, *lines])
    sent = [part["indicator"] for part in content["sources"][past.source.id]["contributes"]]
    if indicator.id not in sent:
        where = ["sources", past.source.id, "contributes"]
        text = _after(text, where, [f"      - indicator: {indicator.id}"])
    official = [
        f"    {indicator.id}:",
        f"      measure: {_scalar(past.words.get('mesure', label))}",
        f"      label: {_scalar(label)}",
        f"      unit: {_scalar(unit)}",
    ]
    return _after(text, ["dataset", "official_names"], official)


def difference(path: Path, new: str) -> str:
    """What writing would change, as a unified diff."""
    old = path.read_text(encoding="utf-8").splitlines()
    now = new.splitlines()
    return "\n".join(difflib.unified_diff(old, now, str(path), str(path), n=2, lineterm=""))


def _scalar(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _node(text: str, keys: list[str]) -> Any:
    """The YAML node below ``keys``, which knows its lines."""
    node: Any = yaml.compose(text, yaml.SafeLoader)
    for key in keys:
        node = next(value for name, value in node.value if name.value == key)
    return node


def _last_line(node: Any) -> int:
    """The line after the last one of a block, comments behind it left out."""
    while node.value and not isinstance(node, yaml.ScalarNode) and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.line + (node.end_mark.column > 0))


def _after(text: str, keys: list[str], new: list[str]) -> str:
    """``text`` with lines at the end of a block."""
    lines, end = text.splitlines(), _last_line(_node(text, keys))
    return "\n".join([*lines[:end], *new, *lines[end:]]) + "\n"


def _replaced(text: str, indicator: str, new: list[str]) -> str:
    """``text`` with the learned keys of an entry, and their comment, in place of the old."""
    lines, node = text.splitlines(), _node(text, ["indicators", indicator])
    end, first = _last_line(node), node.start_mark.line
    starts = [(key.value, key.start_mark.line) for key, _ in node.value]
    stops = [line for _, line in starts[1:]] + [end]
    kept = lines[first : starts[0][1]]
    for (key, start), stop in zip(starts, stops, strict=True):
        of_people = [line for line in lines[start:stop] if line.startswith("    #")]
        kept += of_people if key in OURS else lines[start:stop]
    at = next((n for n, line in enumerate(kept) if line.startswith(OPENING)), len(kept))
    told = itertools.takewhile(lambda line: line.startswith("    #"), kept[at:])
    del kept[at : at + len(list(told))]
    return "\n".join([*lines[:first], *kept, *new, *lines[end:]]) + "\n"

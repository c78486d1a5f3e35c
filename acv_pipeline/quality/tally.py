"""What is known of a check before it is put into words, month by month; parts of it add up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acv_pipeline.contract import Month
from acv_pipeline.models.building import in_order

SAMPLE_ROWS = 20

Place = tuple[str, Month]
"""An asset and a month."""


@dataclass
class Tally:
    """What is known of one check: how many were looked at, and how many fail, by problem."""

    checked: Counter[Place] = field(default_factory=Counter)
    problems: dict[Place, Counter[str]] = field(default_factory=dict)
    sample: dict[Place, list[dict[str, Any]]] = field(default_factory=dict)
    validation: Path | None = None

    @classmethod
    def together(cls, parts: Sequence[Tally]) -> Tally:
        """What is known of a check whose rows were looked at in parts."""
        problems: dict[Place, Counter[str]] = defaultdict(Counter)
        sample: dict[Place, list[dict[str, Any]]] = defaultdict(list)
        for part in parts:
            for place, counted in part.problems.items():
                problems[place].update(counted)
            for place, rows in part.sample.items():
                sample[place].extend(dict(row) for row in rows)
        return cls(
            sum((part.checked for part in parts), Counter()),
            {place: Counter(dict(sorted(counted.items()))) for place, counted in problems.items()},
            {place: in_order(rows)[:SAMPLE_ROWS] for place, rows in sample.items()},
            next((part.validation for part in parts if part.validation), None),
        )


Tallies = dict[tuple[str, str], Tally]
"""By asset and name of a check."""

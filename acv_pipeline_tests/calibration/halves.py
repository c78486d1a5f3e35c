"""Learn from the first half of the releases, judge the second: what a user would see."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from acv_pipeline.calibration.entry import contract_with, learned_lines
from acv_pipeline.calibration.expected import Expected, expected, rates, with_habits
from acv_pipeline.calibration.habits import Evidence
from acv_pipeline.calibration.past import past_of_folder
from acv_pipeline.calibration.suitability import sister_of
from acv_pipeline.contract import load_contract
from acv_pipeline.contract.loading import CONTRACT_FILE


@dataclass(frozen=True)
class Half:
    """What was learned from the first half, and what it is worth in the second.

    Attributes:
        contract: the file with the entries learned.
        until: the day of the last release learned from.
        caught: errors made in the second half's months, judged with the first half's entry.
    """

    contract: Path
    until: dt.date
    caught: dict[str, Expected]


def learn_from_first_half(releases: Path, where: Path, indicators: list[str]) -> Half:
    """Entries for ``indicators`` in a contract below ``where``."""
    days = sorted(path.name for path in releases.iterdir())
    path = where / "contract.yml"
    path.write_text(CONTRACT_FILE.read_text(encoding="utf-8"), encoding="utf-8")
    until = dt.date.fromisoformat(days[len(days) // 2 - 1])
    learned = {}
    for indicator in indicators:
        whole = past_of_folder(releases, load_contract(path), "barometre", indicator)
        past = whole.until(until)
        past = past.beside(sister_of(past))
        evidence = Evidence(past)
        habits = evidence.habits()
        text = contract_with(path, past, learned_lines(past, habits, expected(evidence)))
        path.write_text(text, encoding="utf-8")
        learned[indicator] = habits.indicator, past.months[-1]
    caught = {}
    for indicator, (entry, last) in learned.items():
        whole = past_of_folder(releases, load_contract(path), "barometre", indicator)
        later = [with_habits(case, entry) for case in whole.cases if case.month > last]
        caught[indicator] = rates(later, list(whole.others.values()))
    return Half(path, until, caught)

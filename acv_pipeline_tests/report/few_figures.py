"""Small sets of figures, each of them with something that makes a sentence false."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from acv_pipeline.contract import Contract
from acv_pipeline.contract.entries import Break, Contribution, Source, Target
from acv_pipeline.contract.months import month_of, month_range, shift
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline_tests.deliveries import ACV, PVD

PANEL = ["01", "02", "03"]
TARGET = 10_000
Figures = Mapping[str, Sequence[int | None]]
"""By month, one of each département of the panel; None for no figure."""


def months(first: str, last: str) -> list[str]:
    return [f"{month:%Y-%m}" for month in month_range(month_of(first), month_of(last))]


def grown(first: str, *steps: int, low: Sequence[int] = (10, 20, 30)) -> dict[str, list[int]]:
    """A month more than there are steps; each département grows by each."""
    last = f"{shift(month_of(first), len(steps)):%Y-%m}"
    levels = accumulate(steps, initial=0)
    return {
        m: [start + n for start in low] for m, n in zip(months(first, last), levels, strict=True)
    }


def without(given: Figures, *left_out: str) -> Figures:
    return {month: row for month, row in given.items() if month not in left_out}


def but(given: Figures, **rows: Sequence[int | None]) -> Figures:
    """With other rows for some months, written ``m2020_01``."""
    return {**given, **{key[1:].replace("_", "-"): row for key, row in rows.items()}}


@dataclass(frozen=True)
class Data:
    """What is in force; ``both`` stands for Anah and Action Logement with the same figures.

    Attributes:
        third: the month since which a third partner counts.
        held: source and month of deliveries that are held.
        outside: the indicator also has figures of a département outside the panel.
        excludes: the panel is not of all départements.
        marked: sources whose files are synthetic.
        published: national totals that the reference states, from 2020-01 on.
        moved: the month since which the perimeter is another, by the same partners.
        checks: whether each check that was evaluated passed.
    """

    both: Figures = field(default_factory=dict)
    sources: Mapping[str, Figures] = field(default_factory=dict)
    pvd: Mapping[str, Figures] = field(default_factory=dict)
    third: str | None = None
    held: Sequence[tuple[str, str]] = ()
    outside: bool = False
    excludes: bool = True
    revised: bool = False
    marked: Sequence[str] = ()
    checks: Sequence[bool] = ()
    published: Sequence[int] = ()
    moved: str | None = None


PLAIN = grown("2020-01", 2, 2, 3, 1, 6, 2, 2, 1, 1, 2, 3, 2, 1, 2)  # to 2021-03
ONE = grown("2020-01")
STEADY = grown("2020-01", 2, 2, 2)
NOBODY: list[int | None] = [None, None, None]
WORLDS = {
    "plain": Data(PLAIN),
    "nothing": Data(),
    "one month": Data(ONE),
    "one dwelling": Data(sources={"barometre": {"2020-01": [1, 0, 0], "2020-02": [1, 0, 1]}}),
    "ties": Data(grown("2020-01", 2, 2, 2, low=(10, 30, 30))),
    "zeros": Data({"2020-01": [0, 0, 0]}),
    "falling": Data(grown("2020-01", -1, -2, -1)),
    "from the start": Data(grown("2018-09", 1, 2)),
    "gap": Data(without(PLAIN, "2020-03", "2020-04")),
    "gap at the end": Data(without(PLAIN, "2021-02")),
    "no year before": Data(without(PLAIN, "2020-03")),
    "hole": Data(but(PLAIN, m2021_02=[30, 40, None])),
    "never complete": Data({"2020-01": [10, 20, None], "2020-02": [11, 21, None]}),
    "lately incomplete": Data(
        but(PLAIN, m2021_02=[30, 40, None], m2021_03=[31, None, None], m2020_01=[None, 1, 1])
    ),
    "joins": Data(
        PLAIN, {"third": grown("2020-09", 9, 1, 1, 2, 1, 1, low=(900,) * 3)}, third="2020-09"
    ),
    "still": Data(grown("2020-01", 0, 0)),
    "moves": Data(PLAIN, moved="2020-09"),
    "published moves": Data(sources={"barometre": PLAIN}, moved="2020-09"),
    "joins now": Data(PLAIN, {"third": {"2021-03": [900] * 3}}, third="2021-03"),
    "joins later": Data(
        PLAIN,
        {"third": {"2021-04": [900] * 3}},
        third="2021-06",
        held=[("third", "2021-02"), ("third", "2021-05")],
    ),
    "waits": Data(PLAIN, {"anah": {"2021-04": [90] * 3}}, third="2021-06"),
    "disjoint": Data(
        PLAIN,
        {
            "anah": {"2021-04": [90, None, None]},
            "action_logement": {"2021-04": [None, 90, None]},
        },
    ),
    "held": Data(PLAIN, {"anah": {"2021-04": [90] * 3}}, held=[("action_logement", "2021-04")]),
    "both held": Data(PLAIN, held=[("anah", "2021-04"), ("action_logement", "2021-04")]),
    "newer held": Data(PLAIN, held=[("anah", "2021-03")]),
    "alone": Data(sources={"anah": PLAIN}),
    "published": Data(sources={"barometre": PLAIN}, published=[10_000, 60]),
    "one published": Data(sources={"barometre": ONE}, published=[60]),
    "single": Data(pvd={"anah": grown("2021-01", 1, 2)}),
    "two indicators": Data(ONE, pvd={"anah": grown("2021-01", 1, 2)}),
    "outside": Data(PLAIN, outside=True, pvd={"anah": grown("2021-01", 1, 2)}),
    "everywhere": Data(PLAIN, excludes=False),
    "almost there": Data({"2020-01": [1_000, 1_000, 2_999]}),
    "there": Data({"2020-01": [1_000, 1_000, 3_001]}),
    "revised": Data(PLAIN, revised=True),
    "all synthetic": Data(PLAIN, marked=["anah", "action_logement"]),
    "part synthetic": Data(PLAIN, marked=["anah"]),
    "passing": Data(PLAIN, checks=[True]),
    "failing": Data(PLAIN, checks=[True, False]),
}


def contract_of(contract: Contract, data: Data) -> Contract:
    departments = contract.territories.departments if data.excludes else ()
    excluded = [code for code in departments if code not in PANEL]
    indicators = {
        name: entry.model_copy(
            update={
                "panel_excludes": excluded,
                "breaks": [Break(month=month_of(data.moved), fr="trois villes", en="three towns")]
                if data.moved and name == ACV
                else [],
                "target": Target(value=TARGET, why="A round figure, for these tests only.")
                if name == ACV
                else None,
            }
        )
        for name, entry in contract.indicators.items()
    }
    third = Source(
        id="third",
        asset="third_extract",
        label="Third",
        role="partner",
        contact="the third partner",
        contributes=[Contribution(indicator=ACV, since=data.third)],
    )
    sources = {**contract.sources, **({"third": third} if data.third else {})}
    return contract.model_copy(update={"indicators": indicators, "sources": sources})


def fill(connection: Any, data: Data) -> None:
    """Put it in force: a delivery for each source and month."""
    received = dt.date(2021, 7, 1)

    def deliver(source: str, month: str, status: str = "loaded") -> str:
        mark = FILE_MARK if source in data.marked else ""
        connection.execute(
            "insert into raw.deliveries (delivery_id, source, delivered_on, file_name, status)"
            " select ?, ?, ?, ?, ?",
            [f"{source} {month} {status}", source, received, f"{source} {month}{mark}", status],
        )
        return f"{source} {month} {status}"

    def observe(indicator: str, source: str, given: Figures) -> None:
        for month, row in given.items():
            delivery = deliver(source, month)
            cells = [
                *zip(PANEL, row, strict=True),
                *([("04", 1)] if data.outside and indicator == ACV else []),
            ]
            for code, value in cells:
                if value is None:
                    continue
                known = [indicator, source, month_of(month), code]
                if data.revised:
                    connection.execute(
                        "insert into validated.observations values"
                        " (?, ?, ?, ?, ?, ?, 1, '2021-01-01', ?, ?, 'replaced', false)",
                        [*known, value + 1, delivery, received, delivery],
                    )
                connection.execute(
                    "insert into validated.observations values"
                    " (?, ?, ?, ?, ?, ?, 1, ?, null, null, null, false)",
                    [*known, value, delivery, received],
                )

    partners = ("anah", "action_logement")
    acv = {name: {**(data.both if name in partners else {}), **data.sources.get(name, {})}
           for name in dict.fromkeys([*partners, *data.sources])}  # fmt: skip
    for source, given in acv.items():
        observe(ACV, source, given)
    for source, given in data.pvd.items():
        observe(PVD, source, given)
    for source, month in data.held:
        connection.execute(
            "insert into validated.held_months values"
            " (?, ?, ?, ?, 'a_rule', '[]', null, null, 'held')",
            [deliver(source, month, "held"), ACV, month_of(month), source],
        )
    for n, value in enumerate(data.published):
        connection.execute(
            "insert into validated.published_totals values (?, ?, 'national', 'FR', ?, ?)",
            [deliver("barometre", f"total {n}"), ACV, month_of(f"2020-0{n + 1}"), value],
        )
    for n, passed in enumerate(data.checks):
        connection.execute(
            "insert into validated.check_results values"
            " ('validated_dwellings', ?, '2020-01-01', ?, 'warn', 1, 'it fails', 'ask', '[]', ?)",
            [f"check_{n}", passed, dt.datetime(2021, 7, 1)],
        )

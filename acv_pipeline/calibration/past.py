"""An indicator's past: every version of every month, as deliveries brought them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Contract, Indicator, Month, Source
from acv_pipeline.contract.entries import Contribution
from acv_pipeline.gate.case import MonthCase, Totals
from acv_pipeline.gate.trajectory import Figures, has_figures
from acv_pipeline.language import _
from acv_pipeline.ledger.blocks import DeliveryFigures, published_totals
from acv_pipeline.ledger.received import received
from acv_pipeline.ledger.replay import loaded
from acv_pipeline.ledger.store import read_ledger
from acv_pipeline.tidying.texts import fold


class CalibrationError(ValueError):
    """Nothing can be learned; the message says why."""


@dataclass(frozen=True)
class Version:
    """What one delivery says of a month.

    Attributes:
        figures: by position of the département; NaN: none.
        months: all months the delivery has.
    """

    delivered_on: dt.date
    figures: Figures
    months: tuple[Month, ...]
    totals: Totals


@dataclass(frozen=True)
class Past:
    """What one source delivered of an indicator.

    Attributes:
        indicator: with every département in its panel, and the thresholds of the contract.
        versions: by month, in order of both; a version that changes nothing is left out.
        others: the last figures of the other indicators of these deliveries, by id and month.
        not_whole: the share of the rows with a value that is no whole number.
        deliveries: how many were read that are about the indicator.
        words: what the files say of the indicator, by folded name of the column.
    """

    contract: Contract
    source: Source
    indicator: Indicator
    versions: dict[Month, list[Version]]
    others: dict[str, dict[Month, Figures]]
    not_whole: float = 0.0
    deliveries: int = 0
    words: dict[str, str] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """What is counted, as the files say it."""
        return self.words.get("unite", "")

    @cached_property
    def months(self) -> list[Month]:
        """Those with a figure above zero."""
        return [month for month, known in self.versions.items() if has_figures(known[-1].figures)]

    @cached_property
    def final(self) -> Figures:
        """The last version of every month, one row per month."""
        return np.array([self.versions[month][-1].figures for month in self.months])

    @cached_property
    def codes(self) -> npt.NDArray[np.str_]:
        """The départements, in the order of all figures."""
        return np.array(list(self.contract.territories.departments))

    @cached_property
    def cases(self) -> list[MonthCase]:
        """Every month's last version, beside what is known today of the months before it.

        Errors that were put right since are no part of them.
        """
        region_of = self.contract.territories.region_of
        first = MonthCase(
            source=self.source,
            indicator=self.indicator,
            month=self.months[0],
            delivered_on=dt.date.min,
            codes=self.codes,
            regions=np.array([region_of[code] for code in self.codes]),
            in_panel=np.ones(len(self.codes), dtype=bool),
            delivered=self.final[0],
            quarantined=np.zeros(len(self.codes), dtype=bool),
            sister=self.others.get(self.indicator.sister or "", {}),
        )
        found = []
        for at, month in enumerate(self.months):
            *earlier, last = self.versions[month]
            found.append(
                replace(
                    first,
                    month=month,
                    delivered_on=last.delivered_on,
                    delivered=last.figures,
                    in_force=earlier[-1].figures if earlier else None,
                    history=list(zip(self.months[:at], self.final[:at], strict=True)),
                    totals=last.totals,
                    delivered_months=last.months,
                )
            )
        return found

    def beside(self, sister: str | None) -> Past:
        """The past of the indicator with ``sister`` as the one it may be taken for."""
        return replace(self, indicator=self.indicator.model_copy(update={"sister": sister}))

    def until(self, day: dt.date) -> Past:
        """What was known on a day."""
        versions = {
            month: [version for version in known if version.delivered_on <= day]
            for month, known in self.versions.items()
        }
        return replace(self, versions={month: known for month, known in versions.items() if known})


def with_candidate(contract: Contract, indicator_id: str, source_id: str) -> Contract:
    """The contract with an indicator, known or not, that expects nothing of its figures yet.

    What an indicator states itself and history can't teach stays.
    """
    known = contract.indicators.get(indicator_id) or contract.indicator(indicator_id)
    open_to_all = {
        "panel_excludes": [],
        "panel_sometimes": [],
        "panel_joins": [],
        "unusual_months": [],
        "months_between": 1,
        "thresholds": {
            rule: {
                name: known.thresholds[rule][name] if entry.up_to is None else entry
                for name, entry in names.items()
            }
            for rule, names in contract.thresholds.items()
        },
    }
    candidate = known.model_copy(update=open_to_all)
    source = contract.sources[source_id]
    if indicator_id not in [part.indicator for part in source.contributes]:
        parts = [*source.contributes, Contribution(indicator=indicator_id)]
        source = source.model_copy(update={"contributes": parts})
    return contract.model_copy(
        update={
            "indicators": {**contract.indicators, indicator_id: candidate},
            "sources": {**contract.sources, source_id: source},
        }
    )


def past_of_folder(
    folder: Path,
    contract: Contract,
    source_id: str,
    indicator_id: str,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> Past:
    """The past of an indicator in dated folders of one source's deliveries.

    Raises:
        LandingError: the folder holds no dated folder with files.
        CalibrationError: no delivery has a figure of the indicator.
    """
    open_contract = with_candidate(contract, indicator_id, source_id)
    with loaded(folder, open_contract, source_id, progress=progress) as (connection, _):
        return _past(connection, open_contract, source_id, indicator_id, set())


def past_of_home(
    connection: duckdb.DuckDBPyConnection, contract: Contract, source_id: str, indicator_id: str
) -> Past:
    """The past of an indicator on record in a home; months that are held are no part of it.

    Raises:
        CalibrationError: no delivery has a figure of the indicator.
    """
    held = {
        (verdict.delivery_id, verdict.month)
        for verdict in read_ledger(connection, contract).verdicts
        if verdict.indicator_id == indicator_id and verdict.status in ("held", "superseded")
    }
    open_contract = with_candidate(contract, indicator_id, source_id)
    return _past(connection, open_contract, source_id, indicator_id, held)


def _past(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    source_id: str,
    indicator_id: str,
    held: set[tuple[str, Month]],
) -> Past:
    deliveries = [d for d in received(connection, contract) if d.source == source_id]
    found = past_of(deliveries, contract, source_id, indicator_id, held)
    rows = connection.execute(
        "select coalesce(avg((rows.reason_code = 'non_integer')::int), 0)"
        " from raw.tidy_rows as rows join raw.deliveries as sent using (delivery_id)"
        " where rows.indicator_id = ? and sent.source = ? and rows.level = 'department'"
        " and (rows.fate = 'figure' or rows.reason_code = 'non_integer')",
        [indicator_id, source_id],
    ).fetchall()
    said = connection.execute(
        "select sent.header, lines.cells from raw.tidy_rows as rows"
        " join raw.deliveries as sent using (delivery_id)"
        " join raw.extract_rows as lines using (delivery_id, row_number)"
        " where rows.indicator_id = ? and sent.source = ? order by sent.delivered_on desc limit 1",
        [indicator_id, source_id],
    ).fetchall()
    words = {fold(str(name)): str(cell) for line in said for name, cell in zip(*line, strict=False)}
    found = replace(found, not_whole=float(rows[0][0]), words=words)
    if not found.months and not found.not_whole:
        raise CalibrationError(
            _(
                "{source} delivered no figure of {indicator}: is it written like this in the "
                "files, and sent by this source?",
                source=contract.sources[source_id].label,
                indicator=indicator_id,
            )
        )
    return found


def past_in_force(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator_id: str
) -> Past | None:
    """What is in force of an indicator, of the source with most months; None where nothing is."""
    rows = connection.execute(
        "select source, month, department_code, cumulative_dwellings, delivered_on"
        " from validated.dwellings join raw.deliveries using (delivery_id, source)"
        " where indicator_id = ? order by month",
        [indicator_id],
    ).df()
    rows = rows[rows["source"].isin(contract.sources)]
    if rows.empty:
        return None
    source = str(rows.groupby("source")["month"].nunique().idxmax())
    rows = rows[rows["source"] == source]
    open_contract = with_candidate(contract, indicator_id, source)
    by_month = rows.pivot(index="month", columns="department_code", values="cumulative_dwellings")
    by_month = by_month.reindex(columns=list(contract.territories.departments))
    days = rows.groupby("month")["delivered_on"].max().dt.date
    versions = {
        stamp.date(): [Version(days[stamp], figures, (stamp.date(),), Totals())]
        for stamp, figures in zip(by_month.index, by_month.to_numpy(dtype=float), strict=True)
    }
    about = open_contract.sources[source], open_contract.indicators[indicator_id]
    return Past(open_contract, *about, versions, {})


def past_of(
    deliveries: Iterable[DeliveryFigures],
    contract: Contract,
    source_id: str,
    indicator_id: str,
    held: Set[tuple[str, Month]] = frozenset(),
) -> Past:
    """The past in deliveries that were read already."""
    versions: dict[Month, list[Version]] = defaultdict(list)
    others: dict[str, dict[Month, Figures]] = defaultdict(dict)
    ordered = sorted(deliveries, key=lambda d: (d.delivered_on, d.file_name, d.delivery_id))
    totals = {
        day: published_totals([d for d in ordered if d.delivered_on == day])
        for day in {d.delivered_on for d in ordered}
    }
    about = 0
    for delivery in ordered:
        months = tuple(month for i, month in delivery.blocks if i == indicator_id)
        about += bool(months)
        for (indicator, month), block in delivery.blocks.items():
            if indicator != indicator_id:
                others[indicator][month] = block.values
                continue
            known = versions[month]
            same = known and np.array_equal(known[-1].figures, block.values, equal_nan=True)
            if same or (delivery.delivery_id, month) in held:
                continue
            stated = totals[delivery.delivered_on].get((indicator, month), Totals())
            known.append(Version(delivery.delivered_on, block.values, months, stated))
    return Past(
        contract=contract,
        source=contract.sources[source_id],
        indicator=contract.indicators[indicator_id],
        versions={month: versions[month] for month in sorted(versions) if versions[month]},
        others=dict(others),
        deliveries=about,
    )

"""The standing answer to "what is broken now, and what do I do?"."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.gate.rules import RULES_BY_NAME
from acv_pipeline.ledger.corrections import mismatch_in_words
from acv_pipeline.ledger.lateness import CHECK as LATENESS
from acv_pipeline.ledger.lateness import late_months
from acv_pipeline.operations.row_place import row_shown
from acv_pipeline.operations.standstill import Standstill, standing
from acv_pipeline.operations.unused import OfDelivery, UnusedOfDelivery, unused_of_latest
from acv_pipeline.warehouse import Mended, mended_of
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    from acv_pipeline.calibration.suggestions import FarThreshold

# checks whose failures have entries of their own here
SHOWN_APART = [
    LATENESS,
    "corrections_still_match",
    "delivered_by_one_source",
    "delivery_readable",
    "no_open_quarantine",
]


_HELD = """
select
    delivery_id, source, file_name, delivered_on, indicator_id, month, evidence,
    (
        select count(*) from validated.dwellings
        where (dwellings.indicator_id, dwellings.source, dwellings.month)
            = (held_months.indicator_id, held_months.source, held_months.month)
    )
from validated.held_months join raw.deliveries using (delivery_id, source)
where held_months.status = 'held'
order by month, source, indicator_id, delivered_on, file_name
"""

# latest month first; what a held month fails is told with the hold
_FAILING = """
select
    asset, check_name, min(severity), list(month order by month desc),
    arg_max(summary, month), arg_max(what_to_do, month)
from validated.check_results
where not passed and not list_contains(?, check_name)
    and not (
        asset = 'validated_dwellings'
        and month in (select month from validated.held_months where status = 'held')
    )
group by asset, check_name
order by min(severity), asset, check_name
"""

_QUARANTINED = """
select
    rows.delivery_id, rows.source, deliveries.file_name, deliveries.delivered_on,
    rows.reason_code, arg_min(rows.reason, rows.row_number),
    arg_min(rows.reason_fr, rows.row_number), count(*),
    arg_min(
        row(nullif(rows.sheet, ''), coalesce(rows.sheet_row, rows.row_number), rows.cells),
        rows.row_number
    )
from validated.quarantined_rows as rows
join raw.deliveries as deliveries using (delivery_id)
where rows.released_by is null
group by rows.delivery_id, rows.source, deliveries.file_name,
    deliveries.delivered_on, rows.reason_code
order by deliveries.delivered_on, rows.source, deliveries.file_name, rows.reason_code
"""

_REFUSED = """
with about as (
    select distinct refused.*,
        -- a delivery that names no month that was over is about the one before it came
        coalesce(
            rows.month, date_trunc('month', delivered_on) - interval 1 month
        ) as month
    from raw.deliveries as refused
    left join raw.tidy_rows as rows
        on rows.delivery_id = refused.delivery_id
        and rows.fate = 'quarantined'
        and rows.month < date_trunc('month', refused.delivered_on)
    where refused.status = 'refused' or refused.reason_code = 'no_figure'
)
select distinct delivery_id, source, file_name, delivered_on, reason_code, reason, reason_fr
from about
where not exists (
    select 1
    from validated.dwellings as figures
    join raw.deliveries as later using (delivery_id)
    where later.source = about.source
        and later.delivered_on >= about.delivered_on
        and figures.month = about.month
)
order by delivered_on, source, file_name
"""

_STALE_CORRECTIONS = """
select
    entry, source, indicator_id, month, department_code, delivered, corrected,
    corrected_by, {problem}
from validated.correction_matches
where problem is not null
order by entry
"""

_SHARED = """
select
    delivery_id, source, file_name, delivered_on, counts_for,
    coalesce(list(month order by month) filter (where month is not null), [])
from raw.shared_deliveries
where not is_settled
group by delivery_id, source, file_name, delivered_on, counts_for
order by delivered_on, source, file_name
"""

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class HeldMonth(OfDelivery):
    """A month that a blocking rule stopped and nobody released; earlier figures stay in force."""

    indicator_id: str
    month: dt.date
    rules: list[str]
    findings: list[dict[str, Any]]
    ask: str
    what_to_do: list[str]
    figures_in_force: int


@dataclass(frozen=True)
class QuarantinedRows(OfDelivery):
    """Rows of one delivery in quarantine for one reason, that no later delivery made good."""

    reason_code: str
    reason: str
    reason_fr: str
    rows: int
    example: str
    ask: str


@dataclass(frozen=True)
class RefusedDelivery(OfDelivery):
    """A delivery nothing could be used of, whose month the source has not made good since."""

    reason_code: str
    reason: str
    reason_fr: str
    ask: str


@dataclass(frozen=True)
class StaleCorrection:
    """An entry of the corrections register that does not fit what its source delivered last."""

    entry: int
    source: str
    indicator_id: str
    month: dt.date
    department_code: str
    delivered: int
    corrected: int
    corrected_by: str
    problem: str


@dataclass(frozen=True)
class SharedDelivery(OfDelivery):
    """A file with the bytes of another source's, and months without figures of its own since."""

    counts_for: str
    months: list[dt.date]
    ask: str


@dataclass(frozen=True)
class LateSource:
    """Months of a source that are past their deadline, and of which nothing usable has come.

    ``refused``: those of which what came was refused.
    """

    source: str
    months: list[dt.date]
    days_late: int
    ask: str
    refused: list[dt.date]


@dataclass(frozen=True)
class FailingCheck:
    """A check that does not hold for some months, the holds' own rules left out."""

    asset: str
    check_name: str
    severity: str
    months: list[dt.date]
    summary: str
    what_to_do: str


@dataclass(frozen=True)
class Status:
    """All that is not as it should be.

    Attributes:
        mended: damaged files that gave way by themselves, until somebody deletes them.
        unused: columns and sheets with numbers, of what each source sent last, that were not used:
            nothing wrong, but nothing to be silent about.
        far: thresholds far from what the figures in force suggest by now, as little wrong; added
            by who asks (``far_thresholds``), since it takes a second.
    """

    held: list[HeldMonth] = field(default_factory=list)
    quarantined: list[QuarantinedRows] = field(default_factory=list)
    refused: list[RefusedDelivery] = field(default_factory=list)
    stale_corrections: list[StaleCorrection] = field(default_factory=list)
    shared: list[SharedDelivery] = field(default_factory=list)
    late: list[LateSource] = field(default_factory=list)
    failing: list[FailingCheck] = field(default_factory=list)
    unused: list[UnusedOfDelivery] = field(default_factory=list)
    standstill: Standstill | None = None
    mended: list[Mended] = field(default_factory=list)
    far: list[FarThreshold] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        """Whether deliveries are taken in, none held, refused or lost, all corrections apply."""
        broken = self.held or self.refused or self.stale_corrections or self.standstill
        return not (broken or any(entry.lost for entry in self.mended))

    def to_json(self) -> str:
        """For programs."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, default=str)


def status(
    connection: duckdb.DuckDBPyConnection, contract: Contract, home: Home | None = None
) -> Status:
    """What is broken now; with ``home``, also whether deliveries are taken in at all."""
    return Status(
        held=_held(connection, contract),
        quarantined=_quarantined(connection, contract),
        refused=_rows(connection, RefusedDelivery, _REFUSED, contract),
        stale_corrections=_rows(
            connection,
            StaleCorrection,
            _STALE_CORRECTIONS.format(problem=mismatch_in_words()),
        ),
        shared=_rows(connection, SharedDelivery, _SHARED, contract),
        late=_late(connection, contract, contract.today()),
        failing=_rows(connection, FailingCheck, _FAILING, given=[SHOWN_APART]),
        unused=unused_of_latest(connection),
        standstill=standing(home) if home else None,
        mended=mended_of(home) if home else [],
    )


def _rows(
    connection: duckdb.DuckDBPyConnection,
    entry: type[Entry],
    sql: str,
    contract: Contract | None = None,
    given: Sequence[object] = (),
) -> list[Entry]:
    """A row each; with ``contract``, its last field is whom to ask: its second is the source."""
    rows = connection.execute(sql, given).fetchall()
    return [entry(*row, *([_ask(contract, row[1])] if contract else [])) for row in rows]


def _quarantined(
    connection: duckdb.DuckDBPyConnection, contract: Contract
) -> list[QuarantinedRows]:
    found = []
    for *about, example in connection.execute(_QUARANTINED).fetchall():
        of_rows = [*about, row_shown(*example), _ask(contract, about[1])]
        found.append(QuarantinedRows(*of_rows))
    return found


def _ask(contract: Contract, source: str) -> str:
    """Whom to ask, in the user's language."""
    return str(contract.source(source).contact)


def without_figures(connection: duckdb.DuckDBPyConnection, deliveries: Sequence[str]) -> bool:
    """Whether some of these deliveries were refused, or have no row that could be used."""
    ((any_of_them,),) = connection.execute(
        "select coalesce(bool_or(status = 'refused' or reason_code = 'no_figure'), false)"
        " from raw.deliveries where list_contains(?::varchar[], delivery_id)",
        [list(deliveries)],
    ).fetchall()
    return bool(any_of_them)


def _late(
    connection: duckdb.DuckDBPyConnection, contract: Contract, today: dt.date
) -> list[LateSource]:
    late = late_months(connection, contract, today)
    return [
        LateSource(
            source,
            [entry.month for entry in of_source],
            max(entry.days_late for entry in of_source),
            _ask(contract, source),
            [entry.month for entry in of_source if entry.refused],
        )
        for source in contract.sources
        if (of_source := [entry for entry in late if entry.source == source])
    ]


def _held(connection: duckdb.DuckDBPyConnection, contract: Contract) -> list[HeldMonth]:
    held = []
    for *delivery, indicator_id, month, evidence, stay in connection.execute(_HELD).fetchall():
        findings = [finding for finding in json.loads(evidence) if finding["blocking"]]
        rules = [finding["rule"] for finding in findings]
        source = contract.source(delivery[1])
        known = [RULES_BY_NAME[rule] for rule in rules if rule in RULES_BY_NAME]
        advice = [str(rule.advice(source)) for rule in known]
        ask = _ask(contract, source.id)
        of_month = [indicator_id, month, rules, findings, ask, advice, stay]
        held.append(HeldMonth(*delivery, *of_month))
    return held

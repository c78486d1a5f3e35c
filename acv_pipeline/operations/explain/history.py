"""A source's part in a figure: where it came from, what judged it, what stood before, why none."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import duckdb

from acv_pipeline.contract import Contract, Source
from acv_pipeline.language import _, kept
from acv_pipeline.operations.explain.figure_key import FigureKey
from acv_pipeline.operations.explain.on_record import (
    Absence,
    Correction,
    Judgement,
    Part,
    Received,
    Value,
)
from acv_pipeline.operations.row_place import row_shown


def part_of(
    connection: duckdb.DuckDBPyConnection, contract: Contract, key: FigureKey, source: Source
) -> Part:
    """What is on record of one source's figure."""
    cell = _Cell(connection, key, source)
    history, received = cell.history()
    current = next((value for value in history if value.until is None), None)
    judgements, held = cell.judgements()
    return Part(
        source.id,
        source.label,
        value=current.value if current else None,
        since=current.since if current else None,
        received=received,
        correction=cell.correction() if current and current.is_corrected else None,
        history=history,
        judgements=judgements,
        held=held,
        absence=None if current else cell.absence(contract, history, held),
    )


def at(table: str, as_of: dt.date | None) -> str:
    """A table as of a day, in SQL."""
    return table if as_of is None else f"{table}_as_of(date '{as_of}')"


class _Cell:
    """Questions about one source's figure of one indicator, month and département."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, key: FigureKey, source: Source
    ) -> None:
        self.connection = connection
        self.key = key
        self.source = source
        self.observations = at("validated.observations", key.as_of)
        self.given = {
            "indicator": key.indicator.id,
            "source": source.id,
            "month": key.month,
            "code": key.department_code,
            "day": key.as_of or dt.date.max,
        }

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        used = {name: value for name, value in self.given.items() if f"${name}" in sql}
        return self.connection.execute(sql, used).fetchall()

    def history(self) -> tuple[list[Value], Received | None]:
        """Every figure that was in force, and the row that brought the last one, if it still is."""
        history = []
        received = None
        for row in self.rows(
            f"""
            select o.cumulative_dwellings, o.valid_from, o.valid_to, o.delivery_id,
                brought.file_name, brought.delivered_on, o.is_corrected, o.change, o.closed_by,
                o.row_number, nullif(extract.sheet, ''), extract.sheet_row,
                nullif(extract.sheet_column, ''), coalesce(brought.header, []),
                coalesce(extract.cells, [])
            from {self.observations} as o
            join raw.deliveries as brought on brought.delivery_id = o.delivery_id
            join raw.extract_rows as extract
                on extract.delivery_id = o.delivery_id and extract.row_number = o.row_number
            where o.indicator_id = $indicator and o.source = $source and o.month = $month
                and o.department_code = $code
            order by o.valid_from, o.valid_to nulls last
            """
        ):
            value = Value(*row[:9])
            history.append(value)
            if value.until is None:
                received = Received(
                    value.delivery_id, value.file_name, value.delivered_on, *row[9:]
                )
        return history, received

    def correction(self) -> Correction | None:
        rows = self.rows(
            f"""
            select said.delivered, said.corrected, said.reason, said.corrected_by,
                said.corrected_on
            from {self.observations} as o
            join validated.corrections as said
                on said.indicator_id = o.indicator_id and said.source = o.source
                and said.month = o.month and said.department_code = o.department_code
                and said.delivery_id = o.delivery_id and said.corrected = o.cumulative_dwellings
            where o.indicator_id = $indicator and o.source = $source and o.month = $month
                and o.department_code = $code and o.valid_to is null
            """
        )
        return Correction(*rows[0]) if rows else None

    def judgements(self) -> tuple[list[Judgement], Judgement | None]:
        """What was said of the month, and the hold that stands.

        Confirmations of what is in force, and holds sent again, say nothing new; the last of all
        decides whether a hold still stands.
        """
        rows = self.rows(
            """
            select verdicts.delivery_id, deliveries.file_name, verdicts.delivered_on,
                verdicts.verdict, said.value, verdicts.findings, verdicts.is_repeat,
                verdicts.signed_off_by, verdicts.signed_off_reason, verdicts.signed_off_on
            from validated.verdicts as verdicts
            join raw.deliveries as deliveries on deliveries.delivery_id = verdicts.delivery_id
            left join raw.tidy_rows as said
                on said.delivery_id = verdicts.delivery_id
                and said.indicator_id = verdicts.indicator_id and said.month = verdicts.month
                and said.level = 'department' and said.territory_code = $code
                and said.fate = 'figure'
            where verdicts.indicator_id = $indicator and verdicts.source = $source
                and verdicts.month = $month and verdicts.delivered_on <= $day
            order by verdicts.delivered_on, coalesce(verdicts.status, '') <> 'superseded',
                deliveries.file_name, verdicts.delivery_id
            """
        )
        judgements: list[Judgement] = []
        held = None
        for delivery_id, file_name, day, verdict, value, findings, repeats, by, reason, on in rows:
            known = on is not None and on <= self.given["day"]  # else a sign-off of a later day
            signed = (by, reason, on) if known else (None, None, None)
            judgement = Judgement(
                delivery_id, file_name, day, verdict, value, json.loads(findings), *signed
            )
            held = judgement if judgement.verdict == "held" and not known else None
            if judgement.verdict != "unchanged" and not repeats:
                judgements.append(judgement)
        return judgements, held

    def absence(self, contract: Contract, history: list[Value], held: Judgement | None) -> Absence:
        """Why there is no figure; the first reason that applies."""
        month, indicator = self.key.month, self.key.indicator
        label, code = self.source.label, self.key.department_code
        first = contract.components(indicator.id).get(self.source.id, indicator.first_month)
        if month < first:
            return Absence(
                "before_first_month",
                _(
                    "{source} counts for {indicator} from {month:%Y-%m} on",
                    source=label,
                    indicator=indicator.short_name,
                    month=first,
                ),
            )
        if code not in contract.panel(indicator.id):
            return Absence(
                "outside_panel",
                _(
                    "{indicator} expects no figure of département {code}: it is not in the panel",
                    indicator=indicator.short_name,
                    code=code,
                ),
            )
        if held:
            rules = ", ".join(f["rule"] for f in held.findings if f["blocking"])
            return Absence(
                "held",
                _(
                    "{source}'s {month:%Y-%m} is held ({rules}): {file}, received {day}",
                    source=label,
                    month=month,
                    rules=rules,
                    file=held.file_name,
                    day=held.delivered_on,
                ),
            )
        if quarantined := self._quarantined():
            return quarantined
        if history:
            last = history[-1]
            return Absence(
                "withdrawn",
                _(
                    "{source}'s figure ({value:,}) was withdrawn on {day}: delivery {delivery} no "
                    "longer carries it",
                    source=label,
                    value=last.value,
                    day=last.until,
                    delivery=(last.ended_by or "")[:12],
                ),
            )
        return self._undelivered()

    def _quarantined(self) -> Absence | None:
        for file_name, day, reason, reason_fr, *row in self.rows(
            """
            select deliveries.file_name, deliveries.delivered_on, rows.reason, rows.reason_fr,
                nullif(rows.sheet, ''), coalesce(rows.sheet_row, rows.row_number), rows.cells
            from validated.quarantined_rows as rows
            join raw.deliveries as deliveries using (delivery_id)
            where rows.indicator_id = $indicator and rows.source = $source
                and rows.month = $month and rows.department_code = $code
                and deliveries.delivered_on <= $day
            order by deliveries.delivered_on desc, rows.row_number limit 1
            """
        ):
            return Absence(
                "quarantined",
                _(
                    "{source}'s row is in quarantine: {reason} ({file}, received {day}, {row})",
                    source=self.source.label,
                    reason=kept({"reason": reason, "reason_fr": reason_fr}, "reason"),
                    file=file_name,
                    day=day,
                    row=row_shown(*row),
                ),
            )
        return None

    def _undelivered(self) -> Absence:
        for file_name, day in self.rows(
            """
            select deliveries.file_name, deliveries.delivered_on
            from validated.verdicts as verdicts
            join raw.deliveries as deliveries using (delivery_id)
            where verdicts.indicator_id = $indicator and verdicts.source = $source
                and verdicts.month = $month and verdicts.delivered_on <= $day
            order by deliveries.delivered_on desc limit 1
            """
        ):
            return Absence(
                "not_in_delivery",
                _(
                    "{source} delivered the month without this département ({file}, received "
                    "{day})",
                    source=self.source.label,
                    file=file_name,
                    day=day,
                ),
            )
        for file_name, day, reason, reason_fr in self.rows(
            """
            select file_name, delivered_on, reason, reason_fr from raw.deliveries
            where source = $source and status = 'refused' and delivered_on <= $day
                and date_trunc('month', delivered_on) = $month + interval 1 month
            order by delivered_on desc limit 1
            """
        ):
            return Absence(
                "refused",
                _(
                    "{source}'s delivery was refused: {reason} ({file}, received {day})",
                    source=self.source.label,
                    reason=kept({"reason": reason, "reason_fr": reason_fr}, "reason"),
                    file=file_name,
                    day=day,
                ),
            )
        told = {"source": self.source.label, "month": self.key.month, "day": self.key.as_of}
        return Absence(
            "no_delivery",
            _("{source} has delivered nothing for {month:%Y-%m} by {day}", **told)
            if self.key.as_of
            else _("{source} has delivered nothing for {month:%Y-%m}", **told),
        )

"""What people say of decreases: a written reason, bound to the fall it was said of."""

from __future__ import annotations

import datetime as dt

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.contract.spelling import has_words
from acv_pipeline.language import _
from acv_pipeline.ledger.months_on_record import add_due
from acv_pipeline.operations.explain.figure_key import FigureKey, series_of, sources_of
from acv_pipeline.warehouse import figures_moved, put, said_for_good


class ExplanationError(ValueError):
    """The reason cannot be recorded; the message says why and what is possible."""


def record_explanation(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    key: FigureKey,
    *,
    reason: str,
    said_by: str,
) -> tuple[str, int]:
    """Record why a figure fell; the next run brings it into the marts.

    Args:
        key: the figure that fell; of a total, the partner whose figure did is meant.

    Returns:
        Whose figure fell, and by how much (below zero).

    Raises:
        ExplanationError: nothing fell there, it isn't clear whose figure is meant, or the reason
            or name is empty.
    """
    reason, said_by = reason.strip(), said_by.strip()
    if not has_words(reason) or not has_words(said_by):
        raise ExplanationError(
            _("a reason and a name are needed: neither may be empty, write them for “…”")
        )
    indicator, month, code = key.indicator, key.month, key.department_code
    falls = dict(
        connection.execute(
            "select series, increment from marts.monthly_increments where is_decrease"
            " and indicator_id = ? and month = ? and department_code = ?",
            [indicator.id, month, code],
        ).fetchall()
    )
    asked = [key.series] if key.series else series_of(contract, indicator.id)
    fallen = {
        source.id: source
        for series in asked
        for source in sources_of(contract, indicator.id, series)
        if source.series in falls
    }
    where = {"indicator": indicator.short_name, "code": code, "month": month}
    if not fallen:
        raise ExplanationError(
            _(
                "{indicator} of département {code} in {month:%Y-%m}: no figure fell, so there is "
                "nothing to explain",
                **where,
            )
        )
    if len(fallen) > 1:
        raise ExplanationError(
            _(
                "{indicator} of département {code} in {month:%Y-%m}: several figures fell; say "
                "whose is meant: {options}",
                options=_(" or ").join(f"--series {source.series}" for source in fallen.values()),
                **where,
            )
        )
    (source,) = fallen.values()
    said = {
        "indicator_id": indicator.id,
        "source": source.id,
        "month": month,
        "department_code": code,
        "increment": falls[source.series],
        "said_by": said_by,
        "reason": reason,
        "said_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
    }
    with said_for_good(connection):
        put(connection, "validated.explanations", [said])
        figures_moved(connection)
        add_due(connection, [month])
    return source.label, falls[source.series]

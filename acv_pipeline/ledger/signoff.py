"""Sign-offs: a person's written reason to release a held month, bound to one delivery."""

from __future__ import annotations

import datetime as dt

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.spelling import has_words
from acv_pipeline.language import _
from acv_pipeline.ledger.verdicts import SignOff
from acv_pipeline.warehouse import put, said_for_good


class SignOffError(ValueError):
    """The sign-off cannot be recorded; the message says why and what is possible."""


def sign_off(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    delivery: str,
    indicator: str,
    month: Month,
    *,
    reason: str,
    signed_by: str,
) -> SignOff:
    """Record that ``signed_by`` releases a held month of a delivery; the next run applies it.

    Args:
        delivery: sha256 of the delivery, or its first characters.
        indicator: id or short name.

    Raises:
        SignOffError: no such held month, an ambiguous delivery, an empty reason or name.
        UnknownNameError: no such indicator.
    """
    reason, signed_by = reason.strip(), signed_by.strip()
    if not has_words(reason) or not has_words(signed_by):
        raise SignOffError(
            _("a sign-off needs a reason and a name: neither may be empty, write them for “…”")
        )
    indicator_id = contract.indicator_named(indicator).id
    held = connection.execute(
        """
        select delivery_id, indicator_id, month, status from validated.held_months
        where starts_with(delivery_id, ?)
        """,
        [delivery.lower()],
    ).fetchall()
    matching = [row for row in held if row[1:3] == (indicator_id, month)]
    if not delivery or len(matching) != 1:
        raise SignOffError(_no_match(connection, delivery, indicator_id, month, len(matching)))
    delivery_id, _indicator, _month, status = matching[0]
    if status != "held":
        which = {"indicator": indicator_id, "month": month, "delivery": delivery_id[:12]}
        if status == "signed_off":
            raise SignOffError(
                _(
                    "{indicator} {month:%Y-%m} of delivery {delivery} is not held any more: it was "
                    "signed off before",
                    **which,
                )
            )
        raise SignOffError(
            _(
                "{indicator} {month:%Y-%m} of delivery {delivery} is not held any more: a later "
                "delivery replaced these figures, so a sign-off would not apply",
                **which,
            )
        )
    if other := _signed_beside(connection, delivery_id, indicator_id, month):
        raise SignOffError(
            _(
                "{indicator} {month:%Y-%m} of delivery {delivery}, received the same day, is "
                "signed off: only one of the two can come into force. To have this one, have its "
                "figures sent again on another day",
                indicator=indicator_id,
                month=month,
                delivery=other[:12],
            )
        )
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    signed = SignOff(delivery_id, indicator_id, month, signed_by, reason, now.date(), now)
    with said_for_good(connection):
        put(connection, "validated.signoffs", [vars(signed)])
    return signed


def _signed_beside(
    connection: duckdb.DuckDBPyConnection, delivery_id: str, indicator_id: str, month: Month
) -> str | None:
    """Another file of the same day whose sign-off for the month waits for the next run."""
    found = connection.execute(
        """
        select signed.delivery_id from validated.signoffs as signed
        join raw.deliveries as theirs using (delivery_id)
        join raw.deliveries as ours on ours.delivery_id = ?
            and ours.source = theirs.source and ours.delivered_on = theirs.delivered_on
        join validated.held_months as held on held.delivery_id = ours.delivery_id
            and held.indicator_id = signed.indicator_id and held.month = signed.month
        join validated.held_months as waiting on waiting.delivery_id = signed.delivery_id
            and waiting.indicator_id = signed.indicator_id and waiting.month = signed.month
            and waiting.status = 'held'
        where signed.delivery_id <> ours.delivery_id
            and signed.indicator_id = ? and signed.month = ?
            and contains(held.check_name, 'same_day_files_differ')
        """,
        [delivery_id, indicator_id, month],
    ).fetchone()
    return found[0] if found else None


def _no_match(
    connection: duckdb.DuckDBPyConnection,
    delivery: str,
    indicator_id: str,
    month: Month,
    matches: int,
) -> str:
    if matches > 1:
        return _(
            "'{delivery}' is the beginning of {count} deliveries: give more characters",
            delivery=delivery,
            count=matches,
        )
    standing = connection.execute(
        "select delivery_id, indicator_id, month from validated.held_months"
        " where status = 'held' order by month"
    ).fetchall()
    listed = "; ".join(f"{d[:12]} {i} {m:%Y-%m}" for d, i, m in standing)
    return _(
        "no held month {indicator} {month:%Y-%m} of delivery '{delivery}'; held now: {held}",
        indicator=indicator_id,
        month=month,
        delivery=delivery,
        held=listed or _("nothing"),
    )

"""One delivery read: what becomes known of it, and its rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from acv_pipeline.contract import Contract
from acv_pipeline.landing import LandedFile
from acv_pipeline.language import Both
from acv_pipeline.reading import made_at
from acv_pipeline.tidying import DeliveryRefused, TidyDelivery, read_delivery


@dataclass(frozen=True)
class Read:
    """A delivery that was read.

    Attributes:
        said: what became known of it, as columns of ``raw.deliveries``.
        rows: its rows, in whatever form they are written from; None if it was refused.
        refusal: why it cannot be used.
    """

    said: dict[str, Any]
    rows: Any = None
    refusal: Both | None = None


ReadAll = Callable[[Iterable[tuple[str, LandedFile]], Contract], Iterable[Read]]
"""Reads files, given with the ids of their deliveries; what became of each, in their order."""


def read_here(due: Iterable[tuple[str, LandedFile]], contract: Contract) -> Iterator[Read]:
    """Read files one after the other, in this process."""
    for _, file in due:
        yield read_one(file, contract)


def read_one(file: LandedFile, contract: Contract) -> Read:
    """Read a file and tidy its rows."""
    made = {"made_at": made_at(file.path, contract.timezone)}
    try:
        tidy = read_delivery(
            file.path, contract.sources[file.source], contract, received_on=file.delivered_on
        )
    except DeliveryRefused as refusal:
        return Read(
            made
            | {
                "row_count": 0,
                "status": "refused",
                "reason_code": refusal.reason_code,
                "reason": refusal.reason,
                "reason_fr": refusal.reason_fr,
            },
            refusal=refusal.said,
        )
    return Read(made | _said_by(tidy), tidy)


def _said_by(tidy: TidyDelivery) -> dict[str, Any]:
    control = [
        vars(total) | {"month": total.month and total.month.isoformat()}
        for total in [*tidy.control_totals, *tidy.region_totals]
    ]
    return {
        "row_count": len(tidy.table),
        "header": tidy.header,
        "control_total": json.dumps(control, ensure_ascii=False) if control else None,
        "remarks": [remark.en for remark in tidy.remarks],
        "remarks_fr": [remark.fr for remark in tidy.remarks],
        "titles": list(dict.fromkeys(tidy.titles)) or None,
        "account": json.dumps(tidy.account, ensure_ascii=False) if tidy.account else None,
        "status": "loaded",
    }

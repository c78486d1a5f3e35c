"""Rows that correct others: ``Ain (régularisation)``, or ``Régularisation`` below it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from acv_pipeline.tidying.roles import RoleReader
from acv_pipeline.tidying.row_reasons import Verdicts
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean

DEPARTMENT = ("department_code", "department_name")


def settle_additions(
    verdicts: Verdicts,
    table: Table,
    roles: RoleReader,
    places: npt.NDArray[np.int32],
    problems: npt.NDArray[np.int8],
) -> None:
    """Quarantine the figures that another row corrects: nobody knows whether they have it already.

    Args:
        verdicts: one entry per row.
        table: the table.
        roles: what its columns are.
        places: the number of each row's territory; of one that is not understood, the one it
            names, else -1: then the row above is meant.
        problems: why a territory is not understood, by number; -1 where it is.
    """
    for place in [p for meaning in DEPARTMENT for p in table.columns.get(meaning, ())]:
        texts = table.column(place)
        corrects = texts.where(roles.finder.names.corrects) & (problems >= 0)
        if not corrects.any():
            continue
        corrects &= np.any([roles.is_number(value) for value in table.value_columns], axis=0)
        for row in np.flatnonzero(corrects).tolist():
            meant = places[row] if places[row] >= 0 else places[max(0, row - 1)]
            open_ones = (places == meant) & (meant >= 0) & (problems < 0)
            (said,) = texts.at(np.array([row]))
            verdicts.settle(open_ones, "conflicting_values", clean(said))

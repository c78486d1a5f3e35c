"""What holds of codes, in whichever table they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import great_expectations.expectations as gxe


def known_codes(
    values: Mapping[str, Collection[str]], looked_up: Collection[str]
) -> list[gxe.Expectation]:
    """Every row has its codes, and they are known; decided by the check ``known_codes``.

    Args:
        values: by column, the codes it may hold.
        looked_up: columns of which DuckDB says whether a code is known.
    """
    return [
        *(
            gxe.ExpectColumnValuesToNotBeNull(
                column=column,
                severity="critical",
                meta={"check": "known_codes", "problem": f"unknown {column} (empty)"},
            )
            for column in (*values, *looked_up)
        ),
        *(
            gxe.ExpectColumnValuesToBeInSet(
                column=column,
                value_set=list(codes),
                severity="critical",
                meta={"check": "known_codes", "problem": f"unknown {column} {{}}"},
            )
            for column, codes in values.items()
        ),
        *(
            gxe.ExpectColumnValuesToBeInSet(
                column=f"{column}_is_known",
                value_set=[True],
                severity="critical",
                meta={
                    "check": "known_codes",
                    "problem": f"unknown {column} {{}}",
                    "shows": column,
                },
            )
            for column in looked_up
        ),
    ]

"""Why a row is no figure: every reason code, its fate, and its text."""

from __future__ import annotations

from dataclasses import dataclass

from acv_pipeline.language import marked
from acv_pipeline.tidying.records import Fate


@dataclass(frozen=True)
class Reason:
    """A reason; ``{cell}`` in its text, which is translated where it is told, is what was found."""

    fate: Fate
    text: str


REASONS: dict[str, Reason] = {
    # set aside: no figure of ours
    "blank_row": Reason("set_aside", marked("the row is blank")),
    "repeated_header": Reason("set_aside", marked("the header again")),
    "note": Reason("set_aside", marked("a note, not a figure")),
    "template_row": Reason(
        "set_aside", marked("a row of the form that shows how to fill it in ({cell})")
    ),
    "other_indicator": Reason("set_aside", marked("another indicator: {cell}")),
    "before_first_month": Reason(
        "set_aside", marked("{cell} lies before the indicator's first month")
    ),
    "outside_panel_zero": Reason(
        "set_aside", marked("zero for a département the indicator does not expect")
    ),
    "outside_panel_no_figure": Reason(
        "set_aside", marked("no figure for a département the indicator does not expect")
    ),
    "repeated_row": Reason("set_aside", marked("row {cell} again")),
    "part_of_figure": Reason(
        "set_aside", marked("a part of a figure ({cell}) whose total stands beside")
    ),
    "added_up": Reason(
        "set_aside", marked("a part of a figure, added up with the other parts ({cell})")
    ),
    "initial_value": Reason("set_aside", marked("an initial value, not the figure")),
    "target_value": Reason("set_aside", marked("a target, not the figure")),
    # control: what the source itself states beside the départements
    "stated_total": Reason("control", marked("a total, not a département")),
    "stated_subtotal": Reason("control", marked("a subtotal, not a département")),
    # quarantined: the line
    "misaligned_row": Reason(
        "quarantined",
        marked(
            "the line has {cell} cells where the header has another number, or a figure goes on "
            "in the next cell: they may have shifted"
        ),
    ),
    # quarantined: territory
    "no_department": Reason("quarantined", marked("no département")),
    "unknown_department": Reason(
        "quarantined",
        marked("“{cell}” is no French département: write its code (01, 2A, 971)"),
    ),
    "unknown_region": Reason(
        "quarantined", marked("“{cell}” is no French region: write its code (11, 84)")
    ),
    "label_contradicts_code": Reason("quarantined", marked("code and name do not agree: {cell}")),
    # quarantined: month
    "no_month_in_row": Reason("quarantined", marked("no month")),
    "month_not_understood": Reason(
        "quarantined",
        marked("“{cell}” is no month we understand: write it like 2021-03 or 2021-03-31"),
    ),
    "impossible_date": Reason("quarantined", marked("the date {cell} does not exist")),
    "mid_month_date": Reason(
        "quarantined",
        marked(
            "{cell} is neither the first nor the last day of a month: which month is the figure "
            "about?"
        ),
    ),
    "ambiguous_date": Reason(
        "quarantined",
        marked("{cell} can be read day first or month first: write it like 2021-03-31"),
    ),
    "dragged_date": Reason(
        "quarantined",
        marked(
            "the date {cell} belongs to a column that rises row by row, as when a cell is dragged "
            "down"
        ),
    ),
    "future_month": Reason("quarantined", marked("{cell} begins after the day of reception")),
    "month_not_over": Reason(
        "quarantined",
        marked(
            "{cell} was not over on the day of reception, so no cumulative figure of it can be "
            "known: a first day of a month often means the month before; write the month, like "
            "2021-03"
        ),
    ),
    "taken_too_early": Reason(
        "quarantined",
        marked(
            "the figures were taken before their month was over ({cell}): ask for those of the end "
            "of the month"
        ),
    ),
    "first_day_of_stock": Reason(
        "quarantined",
        marked(
            "the stock on {cell}, the first day of a month, is either that of this month or, as "
            "official statistics have it, that of the end of the month before: write the month, "
            "like 2021-03, or its last day"
        ),
    ),
    "year_contradiction": Reason(
        "quarantined",
        marked("the year {cell} contradicts the month that the delivery names elsewhere"),
    ),
    # quarantined: indicator
    "indicator_contradiction": Reason(
        "quarantined", marked("the row names several indicators: {cell}")
    ),
    "no_indicator": Reason("quarantined", marked("nothing says which indicator")),
    # quarantined: value
    "no_figure_empty": Reason("quarantined", marked("the value is empty")),
    "no_figure_not_available": Reason(
        "quarantined", marked("the value is “{cell}”: not available")
    ),
    "no_figure_secret": Reason("quarantined", marked("the value is “{cell}”: statistical secrecy")),
    "no_figure_to_fill": Reason("quarantined", marked("the value is still to be filled in")),
    "no_figure_error": Reason("quarantined", marked("the formula gives an error: {cell}")),
    "not_a_number": Reason(
        "quarantined",
        marked("“{cell}” is no number we understand: write it without separators, like 1234"),
    ),
    "ambiguous_number": Reason(
        "quarantined",
        marked("“{cell}” can be thousands or decimals, and nothing in the column tells which"),
    ),
    "non_integer": Reason("quarantined", marked("{cell} is no whole number of dwellings")),
    "negative": Reason("quarantined", marked("{cell} is negative")),
    "implausible": Reason("quarantined", marked("{cell} is beyond anything plausible")),
    "value_type_not_understood": Reason(
        "quarantined",
        marked(
            "“{cell}” does not say whether the value is the actual one, an initial one or a target"
        ),
    ),
    "something_else": Reason(
        "quarantined",
        marked(
            "“{cell}” says that the value is something else than a figure of ours: leave the row "
            "out, or send it without these words if it is one"
        ),
    ),
    "part_alone": Reason(
        "quarantined",
        marked("only a part of a figure ({cell}): send the total, or every part with its name"),
    ),
    "unexplained_repeat": Reason(
        "quarantined",
        marked(
            "the same territory and month as row {cell}, told apart by words that say nothing to "
            "us: name the column, or send one row"
        ),
    ),
    "merged_value": Reason(
        "quarantined", marked("one merged cell holds the value of several rows")
    ),
    "conflicting_values": Reason(
        "quarantined", marked("the same territory and month with different values ({cell})")
    ),
}

CODES: tuple[str, ...] = tuple(REASONS)
"""The reason codes, in the order of their numbers."""

NUMBERS: dict[str | None, int] = {code: number for number, code in enumerate(CODES)} | {None: -1}
"""The number of each reason code; -1 for none."""

"""Rules on what a month's file is beside other files: of the same day, or marked definitive.

Which of two files counts is decided elsewhere (``ledger.standing``).
"""

from __future__ import annotations

import numpy as np

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import Alarm, Evidence, Limits, rule, table
from acv_pipeline.language import Both, both, both_plural, marked, together


@rule(
    blocking=True,
    title=marked("Another file of the same day says something else"),
    what_to_do=marked(
        "Ask {contact} which of the files counts, then sign that one off; or have its figures "
        "sent in a new file on another day (the very same bytes sent again change nothing)."
    ),
    rationale=(
        "Two files of one day are a draft and its final version, or a file and its correction. "
        "Where neither their words nor the times they were made tell which is which, any choice "
        "is a guess."
    ),
)
def same_day_files_differ(case: MonthCase, limits: Limits) -> Alarm | None:
    """Other figures in another file of the day; only warns in the file that counts."""
    if not case.rivals:
        return None
    summaries: list[Both] = []
    evidence: Evidence = []
    for rival in case.rivals:
        differs = ~np.isnan(case.delivered) & ~np.isnan(rival.figures)
        differs &= case.delivered != rival.figures
        compared = int((~np.isnan(case.delivered) & ~np.isnan(rival.figures)).sum())
        outcome = {
            "counts": both("that file counts: {why}", why=rival.why),
            "gives way": both("this file counts: {why}", why=rival.why),
            "undecided": rival.why,
        }[rival.outcome]
        summaries.append(
            both_plural(
                "{count} figure of {compared} differs from {file}, received on the same day; "
                "{outcome}",
                "{count} figures of {compared} differ from {file}, received on the same day; "
                "{outcome}",
                int(differs.sum()),
                compared=compared,
                file=rival.file_name,
                outcome=outcome,
            )
        )
        evidence += table(
            case.codes,
            differs,
            np.abs(case.delivered - rival.figures),
            delivered=case.delivered,
            other=rival.figures,
            other_file=np.full(len(case.codes), rival.file_name, dtype=object),
        )
    return Alarm(
        summary=together(summaries),
        evidence=evidence,
        blocking=any(rival.outcome != "gives way" for rival in case.rivals),
    )


@rule(
    blocking=True,
    title=marked("Provisional figures would replace definitive ones"),
    what_to_do=marked(
        "Ask {contact} whether an old draft was sent by mistake. If the figures are right, have "
        "them sent in a file that is not marked as provisional, or sign the month off."
    ),
    rationale=(
        "What was called definitive is changed by a correction, not by a draft: a provisional file "
        "after the definitive one is an old file, or one whose mark was forgotten."
    ),
)
def provisional_after_definitive(case: MonthCase, limits: Limits) -> Alarm | None:
    """Changed figures that a file marked definitive brought and that are in force still."""
    if not case.provisional_by or case.definitive is None or case.in_force is None:
        return None
    changed = (case.in_force == case.definitive) & ~np.isnan(case.delivered)
    changed &= case.delivered != case.in_force
    if not changed.any():
        return None
    return Alarm(
        summary=both_plural(
            "the file says “{word}”; it would change {count} figure of {file}, which is marked as "
            "definitive",
            "the file says “{word}”; it would change {count} figures of {file}, which is marked as "
            "definitive",
            int(changed.sum()),
            word=case.provisional_by,
            file=case.definitive_file,
        ),
        evidence=table(
            case.codes,
            changed,
            np.abs(case.delivered - case.in_force),
            previous=case.in_force,
            delivered=case.delivered,
            expected=case.in_force,
        ),
        probable_cause=both("an older draft after the definitive file"),
    )

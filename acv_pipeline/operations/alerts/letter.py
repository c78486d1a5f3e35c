"""What a partner is told of held months: a letter in French that is passed on as it is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import Month, day_in_words, in_words
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.gate.rules import RULES_BY_NAME
from acv_pipeline.language import in_language, of_record
from acv_pipeline.operations.alerts.evidence import worst_table
from acv_pipeline.operations.alerts.message_parts import Heading, Letter, Line, Point, Table
from acv_pipeline.operations.status import HeldMonth

ANOTHER_PARTNERS = {"other_partner"}  # figures that are not public yet, and not the reader's
WORST_ROWS = 5
MOST_LETTERS = 3  # months told in full: who has sent more of them wrong has one cause to look for
FR = "fr"


@dataclass(frozen=True)
class Objection:
    """What a rule has against figures, in French, with the worst rows under their headings."""

    text: str
    cause: str | None
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: tuple[int, ...]
    more: int


@dataclass(frozen=True)
class ForPartner:
    """What the partner is to be told of one held month.

    Attributes:
        contact: the role it is for, in French.
        programme: of the indicator.
        quarantined: rows of the delivery that wait in quarantine.
        producer: who asks: the indicator's title, in French.
    """

    delivery_id: str
    file_name: str
    delivered_on: dt.date
    month: Month
    contact: str
    programme: str
    producer: str
    objections: tuple[Objection, ...]
    quarantined: int

    @property
    def spreadsheet(self) -> str:
        """The name of the file with the rows in quarantine."""
        stem = re.sub(r"[^\w.-]+", "_", self.file_name.rpartition(".")[0] or self.file_name)
        return f"lignes_en_quarantaine_{stem[:80]}.xlsx"


def for_partner(
    connection: duckdb.DuckDBPyConnection, contract: Contract, held: HeldMonth
) -> ForPartner:
    """What there is to tell of a held month."""
    ((quarantined,),) = connection.execute(
        "select count(*) from validated.quarantined_rows"
        " where delivery_id = ? and released_by is null",
        [held.delivery_id],
    ).fetchall()
    objections = []
    for finding in held.findings:
        rule = RULES_BY_NAME.get(finding["rule"])
        # what compares with figures of another partner is not for this one to read
        evidence = [row for row in finding["evidence"] if not ANOTHER_PARTNERS & {*row}]
        is_told = len(evidence) == len(finding["evidence"])
        title = in_language(FR, rule.title) if rule else finding["rule"]
        summary = of_record(finding, "summary").fr
        table = worst_table(contract, evidence, WORST_ROWS, FR)
        objections.append(
            Objection(
                in_language(FR, "{rule}: {summary}.", rule=title, summary=summary)
                if is_told
                else in_language(FR, "{rule}.", rule=title),
                of_record(finding, "probable_cause").fr or None,
                tuple(table.columns) if table else (),
                tuple(map(tuple, table.rows)) if table else (),
                tuple(table.names) if table else (),
                max(0, len(evidence) - WORST_ROWS),
            )
        )
    return ForPartner(
        held.delivery_id,
        held.file_name,
        held.delivered_on,
        held.month,
        contract.source(held.source).contact.fr,
        contract.indicator(held.indicator_id).programme,
        contract.dataset.title.fr,
        tuple(objections),
        int(quarantined),
    )


def letter(told: Sequence[ForPartner]) -> Letter:
    """One letter about held months of one partner and indicator, the last ones in full."""
    first = told[0]
    months = ", ".join(dict.fromkeys(in_words(each.month).fr for each in told))
    subject = in_language(
        FR,
        "{programme}, {months}: figures to be checked",
        programme=first.programme,
        months=months,
    )
    parts: list[Heading | Line | Point | Table] = [
        Line(in_language(FR, "For the attention of: {contact}", contact=first.contact)),
    ]
    if any(FILE_MARK in each.file_name for each in told):
        parts.append(Line(in_language(FR, "SYNTHETIC DATA, made up for trying: not to be sent.")))
    parts.append(Line(in_language(FR, "Good morning,")))
    for each in told[-MOST_LETTERS:]:
        parts += _of_month(each)
    if len(told) > MOST_LETTERS:
        parts.append(
            Line(in_language(FR, "The other months named in the subject are held as well."))
        )
    parts += [
        Line(in_language(FR, "What we ask of you:")),
        Point(
            in_language(
                FR,
                "if these figures are wrong, please send a corrected file, complete for the month: "
                "all départements, not only the corrected ones;",
            )
        ),
        Point(
            in_language(
                FR,
                "if they are right, please say so and tell us the reason for what was found, so "
                "that they can be published.",
            )
        ),
    ]
    if sheets := quarantine_sheets(told):
        parts.append(
            Line(
                in_language(
                    FR,
                    "Besides, rows could not be used ({count:,} in all). They are in the "
                    "spreadsheet attached ({files}), with the reason beside each: please correct "
                    "them in your next file.",
                    count=sum({each.delivery_id: each.quarantined for each in told}.values()),
                    files=", ".join(sheets.values()),
                )
            )
        )
    parts += [
        Line(in_language(FR, "Thank you. With kind regards,")),
        Line(in_language(FR, "The team in charge of “{title}”", title=first.producer)),
    ]
    return Letter(subject, parts)


def quarantine_sheets(told: Sequence[ForPartner]) -> dict[str, str]:
    """The deliveries with rows in quarantine, and the name of each one's spreadsheet."""
    return {each.delivery_id: each.spreadsheet for each in told if each.quarantined}


def _of_month(told: ForPartner) -> list[Heading | Line | Point | Table]:
    parts: list[Heading | Line | Point | Table] = [
        Line(
            in_language(
                FR,
                "The file “{file}”, received on {day}, holds the figures of {month} ({programme}). "
                "Our checks stopped them: for now they are neither used nor published. What was "
                "found:",
                file=told.file_name,
                day=day_in_words(told.delivered_on),
                month=in_words(told.month),
                programme=told.programme,
            )
        )
    ]
    for objection in told.objections:
        parts.append(Point(objection.text))
        if objection.cause:
            parts.append(Line(in_language(FR, "Probable cause: {cause}.", cause=objection.cause)))
        if objection.rows:
            parts.append(Table(objection.columns, objection.rows, objection.names))
        if objection.more:
            parts.append(
                Line(
                    in_language(
                        FR, "and at least {count} more rows like these.", count=objection.more
                    )
                )
            )
    return parts

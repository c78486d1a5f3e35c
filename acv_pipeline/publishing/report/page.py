"""The page: templates, style sheet and script put together into one file."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.language import LANGUAGES, Both
from acv_pipeline.publishing.dsfr import Dsfr
from acv_pipeline.publishing.report import words
from acv_pipeline.publishing.report.figures import IndicatorFigures, neighbours, summaries
from acv_pipeline.publishing.report.outlines import HEIGHT, WIDTH, close_up, outlines
from acv_pipeline.publishing.report.palette import style_sheet
from acv_pipeline.publishing.report.queries import Row
from acv_pipeline.publishing.report.tooltips import of_department, of_months, of_partners
from acv_pipeline.publishing.report.views import CELLS_NAMED, IndicatorView

HERE = Path(__file__).parent
SCRIPTS = ("reading", "tables", "pointing", "taking", "comparing", "places")
"""In this order: later ones use what earlier ones name."""
_DAY = ("§written-on§", "§le§")
"""Where the day of writing goes: as the machine reads it, as people do."""


def page(
    shown: Sequence[IndicatorFigures],
    accounts: Mapping[str, list[Row]],
    contract: Contract,
    *,
    release_sha256: str | None,
    dsfr: Dsfr | None = None,
) -> str:
    """The whole page as HTML, but for the day it was written on (``dated``).

    ``accounts`` are the rows of the queries about files, rows and checks; ``dsfr`` is whose look it
    takes instead of its own.
    """
    views = [IndicatorView(figures, contract) for figures in shown]
    departments = contract.territories.departments
    with_section = [
        code
        for code in departments
        if any(code in v.figures.expected or code in v.figures.by_department for v in views)
    ]
    style = style_sheet() + (HERE / "style.css").read_text(encoding="utf-8")
    style += dsfr.style_sheet() if dsfr else ""
    script = _script()
    html = (
        _environment()
        .get_template("page.html")
        .render(
            views=views,
            accounts=accounts,
            contract=contract,
            label=lambda source: contract.source(source).label,
            departments=departments,
            regions=contract.territories.regions,
            region_of=contract.territories.region_of,
            with_section=with_section,
            outlines=outlines(tuple(departments)),
            map_size=(WIDTH, HEIGHT),
            close_up=close_up(),
            release_sha256=release_sha256,
            entity=dsfr.entity if dsfr else (),
            written_on=Markup('<time datetime="{}">{}</time>').format(*_DAY),
            written_on_day=_DAY[0],
            style=Markup(style),
            script=Markup(script),
            policy=_policy(script),
        )
    )
    return html + "\n"


def dated(html: str, written_on: dt.date) -> str:
    """The page with the day it was written on."""
    machine, people = _DAY
    return html.replace(machine, written_on.isoformat()).replace(people, f"{written_on:%d/%m/%Y}")


def _script() -> str:
    """The scripts as one, so that what they share is theirs alone."""
    parts = [(HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return f'"use strict";\n(() => {{\n{"".join(parts)}}})();'


def _policy(script: str) -> str:
    """Nothing is loaded from anywhere; this script alone runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"font-src data:; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals.update(
        t=_text,
        b=words.in_both,
        both=words.both,
        t_svg=_svg_text,
        of_department=of_department,
        of_months=of_months,
        of_partners=of_partners,
        Both=Both,
        said=lambda text: words.in_both(words.contract_words(text)),
        contract_words=words.contract_words,
        listed=words.listed,
        synthetic_mark=FILE_MARK,
        num=lambda value, decimals=0: words.number(value, "fr", decimals),
        signed=lambda value: words.number(value, "fr", sign=True),
        percent=lambda share: words.percent(share, "fr"),
        dash=words.DASH,
        month=_month,
        month_words=lambda month: words.month_name(month, "fr", short=True),
        months_short=words.months_short("fr"),
        day=_day,
        months_listed=words.months_listed,
        text=words.text,
        known=words.known,
        summaries=summaries,
        neighbours=neighbours,
        cells_named=CELLS_NAMED,
    )
    return environment


@lru_cache(4096)
def _text(key: str, **values: Any) -> Markup:
    return words.in_both(words.both(key, **values))


@cache
def _svg_text(key: str) -> Markup:
    """A text within a drawing."""
    return Markup("").join(
        Markup('<tspan class="l" lang="{}">{}</tspan>').format(language, words.text(key, language))
        for language in LANGUAGES
    )


@cache
def _month(month: Month) -> Markup:
    """A month in a table; the script rewrites it when the language changes."""
    return Markup('<time datetime="{:%Y-%m}">{}</time>').format(
        month, words.month_name(month, "fr", short=True)
    )


@cache
def _day(day: dt.date) -> Markup:
    """A day in a table; the script rewrites it when the language changes."""
    return Markup('<time datetime="{}">{:%d/%m/%Y}</time>').format(day, day)

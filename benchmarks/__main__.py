"""The command ``python -m benchmarks``; see the package's docstring.

Here: options, order, writing the page. Not here: any benchmark.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from benchmarks import bulk, growth, history, loading, month
from benchmarks.context import Context, Results
from benchmarks.inputs import MONTHS, PARTNERS
from benchmarks.measure import BenchmarkError
from benchmarks.page import render

ROOT = Path(__file__).resolve().parents[1]
ALL = {
    "loading": loading.benchmark,
    "month": month.benchmark,
    "history": history.benchmark,
    "bulk": bulk.benchmark,
    "growth": growth.benchmark,
}
ROWS_PER_TERRITORY = MONTHS * PARTNERS


class Rows(click.ParamType[int]):
    """A number of rows: ``3.7M``, ``20M``, ``10k``."""

    name = "rows"

    def convert(self, value: object, param: object, ctx: click.Context | None) -> int:
        """The number."""
        text = str(value).strip()
        factor = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
        try:
            return round(float(text.rstrip("kM")) * factor)
        except ValueError:
            self.fail(f"{text!r} is no number of rows: write it like 3.7M")


@click.command()
@click.argument("only", nargs=-1, type=click.Choice(list(ALL)))
@click.option("--size", type=Rows(), default="3.744M", show_default=True)
@click.option("--runs", default=3, show_default=True, help="How often each way is run.")
@click.option("--tutorial-months", default=2, show_default=True)
@click.option("--work", type=click.Path(path_type=Path), default=ROOT / "bench_work")
@click.option("--docs", type=click.Path(path_type=Path), default=ROOT / "docs")
def main(
    only: tuple[str, ...], size: int, runs: int, tutorial_months: int, work: Path, docs: Path
) -> None:
    """Run the benchmarks (all, or ONLY those named) and write docs/performance.md."""
    work.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)  # the references are modules of this folder
    started = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"  {time.monotonic() - started:5.0f} s  {line}")

    context = Context(
        work.resolve(), runs, max(1, size // ROWS_PER_TERRITORY), tutorial_months, say
    )
    results = Results(docs / "performance.json")
    for name in only or ALL:
        click.secho(name, bold=True)
        try:
            results.put(name, ALL[name](context))
        except BenchmarkError as error:
            sys.exit(f"{name}: {error}")
        (docs / "performance.md").write_text(render(results.all), encoding="utf-8")
        for entry in results.all[name]["requirements"]:
            say(f"{entry['what']}: {entry['ratio']:.2f}  {'ok' if entry['met'] else 'NOT MET'}")
    click.echo(f"{docs / 'performance.md'} written")


if __name__ == "__main__":
    main()

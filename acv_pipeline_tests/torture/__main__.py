"""``make torture``: hundreds of kills, on a seed of its own or on the one that is given."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from pathlib import Path

import click
import great_expectations  # noqa: F401  # else each run that is killed imports it

from acv_pipeline_tests.torture.contention import contend
from acv_pipeline_tests.torture.kills import Torture


@click.command()
@click.option("--kills", default=200, show_default=True, help="How many runs to kill.")
@click.option("--seed", type=int, help="The same instants again as when this seed was printed.")
def main(kills: int, seed: int | None) -> None:
    """Kill runs at random instants, run again without help, compare with an undisturbed run."""
    folder = Path(tempfile.mkdtemp(prefix="acv-torture-"))
    started = time.monotonic()
    torture = Torture(folder, random.randrange(10**6) if seed is None else seed, log=click.echo)
    while (done := torture.hit.total()) < kills:
        torture.kill(min(done + 25, kills))
        click.echo(f"{torture.hit.total()} kills, {time.monotonic() - started:.0f} s")
    for phase, count in torture.hit.most_common():
        click.echo(f"  {count:>4}  {phase}")
    click.echo(
        f"{torture.hit.total()} runs killed in {torture.chains} homes "
        f"({torture.missed} ended before their time came): no month partly written, "
        "every home ended equal to the undisturbed one"
    )
    click.echo("four months, a range, two readers and the UI at once, for a minute")
    done = contend(folder / "contention", seconds=60)
    click.echo(f"all runs green, no month seen half new: {done}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()

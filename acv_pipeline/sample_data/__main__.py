"""The command ``python -m acv_pipeline.sample_data DIR``."""

from __future__ import annotations

from pathlib import Path

import click

from acv_pipeline.contract import ContractError, load_contract
from acv_pipeline.contract.months import shift
from acv_pipeline.sample_data.generator import (
    SEED,
    SampleDataError,
    bad_delivery,
    corrected_delivery,
    generate,
)
from acv_pipeline.sample_data.other_habits import write_releases
from acv_pipeline.sample_data.trajectories import LAST_MONTH
from acv_pipeline.sample_data.writers import WRITERS

BAD_SOURCE = "action_logement"


@click.command()
@click.argument("landing", type=click.Path(path_type=Path, file_okay=False))
@click.option("--bad", is_flag=True, help="End with Action Logement's last month sent by mistake.")
@click.option("--corrected", is_flag=True, help="Add the delivery that puts the mistake right.")
@click.option(
    "--other-habits", is_flag=True, help="Instead: releases of two indicators of other habits."
)
@click.option("--format", "formats", multiple=True, type=click.Choice(list(WRITERS)))
@click.option("--seed", default=SEED, show_default=True, help="Other seeds give other figures.")
def main(
    landing: Path,
    bad: bool,
    corrected: bool,
    other_habits: bool,
    formats: tuple[str, ...],
    seed: int,
) -> None:
    """Write synthetic deliveries, 2018-09 to 2022-12, into the folder LANDING."""
    try:
        contract = load_contract()
        if other_habits:
            labels = write_releases(landing, contract, seed)
            click.echo(f"releases of two synthetic indicators in {landing}/releases, and {labels}")
            return
        until = {BAD_SOURCE: shift(LAST_MONTH, -1)} if bad or corrected else None
        manifest = generate(
            landing, contract=contract, until=until, seed=seed, formats=formats or ("csv",)
        )
        files = list(manifest.files)
        for wanted, make in ((bad, bad_delivery), (corrected, corrected_delivery)):
            if wanted:
                files.append(make(landing, contract=contract, source=BAD_SOURCE, seed=seed))
                click.echo(f"{make.__name__.replace('_', ' ')}: {files[-1].path}")
    except (ContractError, SampleDataError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{len(files)} synthetic files, {files[0].delivered_on} to "
        f"{files[-1].delivered_on}, in {landing}"
    )


if __name__ == "__main__":
    main()

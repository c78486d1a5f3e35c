"""The facts about damaged files: they gave way by themselves, and somebody should look why."""

from __future__ import annotations

from collections.abc import Sequence

from acv_pipeline.contract import Contract
from acv_pipeline.language import _, plural
from acv_pipeline.operations.alerts.fact import Fact
from acv_pipeline.warehouse import Mended
from acv_pipeline.warehouse.home import Home

MENDED = "mended"


def mended_facts(contract: Contract, home: Home, mended: Sequence[Mended]) -> list[Fact]:
    """One fact per damaged file that is still there; deliveries that were lost make it an error."""
    facts = []
    for entry in mended:
        lost = plural(
            "{count} delivery is lost, in neither the landing zone nor a sound copy: {files}.",
            "{count} deliveries are lost, in neither the landing zone nor a sound copy: {files}.",
            len(entry.lost),
            files=", ".join(entry.lost),
        )
        path = home.replaced / entry.aside
        facts.append(
            Fact(
                key=f"{MENDED}/{entry.aside}",
                group=MENDED,
                severity="error" if entry.lost else "warn",
                title=_("a damaged database file ({file})", file=entry.file),
                titles=_("{count} damaged database files", count="{count}"),
                lines=(f"{entry}.", *([lost] if entry.lost else [])),
                ask=(str(contract.data_contact),),
                what_to_do=(
                    *([_("Ask for the files named above again.")] if entry.lost else []),
                    _(
                        "Nothing, if a machine or a process was killed at that time. Otherwise "
                        "have the disk and the memory of the machine looked at."
                    ),
                    _("Delete {path} when nobody needs it: then this is over.", path=path),
                ),
                link="/automation",
                version="lost" if entry.lost else "",
            )
        )
    return facts

"""``python -m … HOME LANDING CONTRACT MASTER [VERB]``: a run that is killed at a verb's end."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from acv_pipeline.contract import load_contract
from acv_pipeline.engines import parts
from acv_pipeline.engines.spark import Spark
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.engines.homes import run

TABLE_OF = {
    "receive": "raw.tidy_rows",
    "judge": "validated.held_months",
    "build": "marts.monthly_increments",
}


def main() -> None:
    home, landing, contract, master, *verb = sys.argv[1:]
    if verb:
        put = parts.put

        def dying(connection: object, table: object, changed: object) -> None:
            put(connection, table, changed)  # type: ignore[arg-type]
            if getattr(table, "table", table) == TABLE_OF[verb[0]]:
                os.kill(os.getpid(), signal.SIGKILL)

        parts.put = dying  # type: ignore[assignment]
    said = run(Home(Path(home)), Path(landing), load_contract(Path(contract)), Spark(master))
    print("\n".join(said.lines))


if __name__ == "__main__":
    main()

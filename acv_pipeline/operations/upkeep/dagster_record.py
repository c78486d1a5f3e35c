"""A dump of Dagster's record in Postgres.

``python -m acv_pipeline.operations.upkeep.dagster_record FILE``
"""

from __future__ import annotations

import os
import subprocess
import sys

from sqlalchemy.engine import make_url


def main(file: str) -> int:
    """Write the dump; ``pg_dump``'s exit code."""
    url = make_url(os.environ["ACV_STORAGE_URL"])
    parts = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    told = {name: str(value) for name, value in parts.items() if value is not None}
    command = ["pg_dump", "--format=custom", f"--file={file}"]
    return subprocess.run(command, env=os.environ | told, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

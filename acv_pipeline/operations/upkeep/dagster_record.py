"""A dump of Dagster's record in Postgres.

``python -m acv_pipeline.operations.upkeep.dagster_record FILE``
"""

from __future__ import annotations

import os
import subprocess
import sys

from acv_pipeline.environment import SecretError
from acv_pipeline.environment.storage_url import storage_url


def main(file: str) -> int:
    """Write the dump; ``pg_dump``'s exit code, or 2 if the database's address cannot be had."""
    try:
        url = storage_url()
    except SecretError as error:
        print(error, file=sys.stderr)
        return 2
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

"""A dump of Dagster's record in Postgres.

``python -m acv_pipeline.operations.upkeep.dagster_record FILE``
"""

from __future__ import annotations

import os
import subprocess
import sys

from sqlalchemy import URL

from acv_pipeline.environment import SecretError
from acv_pipeline.environment.storage_url import storage_url


def main(file: str) -> int:
    """Write the dump; ``pg_dump``'s exit code, or 2 if the database's address cannot be had."""
    try:
        url = storage_url()
    except SecretError as error:
        print(error, file=sys.stderr)
        return 2
    # the address as it is, certificates and all; its password where no list of processes shows it
    query = dict(url.query)
    password = url.password or query.pop("password", None)
    address = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    told = {"PGPASSWORD": str(password)} if password else {}
    command = ["pg_dump", "--format=custom", f"--file={file}"]
    command += [f"--dbname={address.render_as_string(hide_password=False)}"]
    return subprocess.run(command, env=os.environ | told, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

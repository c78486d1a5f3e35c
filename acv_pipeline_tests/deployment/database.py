"""A Postgres of its own, as Debian has it, for what keeps Dagster's record in one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SECRET = "of-the-database-alone"


def postgres_programs() -> Path | None:
    """The folder of Postgres' own programs, which Debian keeps off the path."""
    return next(
        (path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None
    )


class Database:
    """Postgres with the user and the database of the documentation."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.root.chmod(0o755)  # Postgres does not run as root
        self.log = self.root / "log"
        self.database = port

    @property
    def storage_url(self) -> str:
        """The address of the database, as the documentation has it."""
        return f"postgresql+psycopg2://acv:{SECRET}@127.0.0.1:{self.database}/dagster"

    def start_postgres(self) -> None:
        """The database alone; ``stop`` ends it."""
        self.data = self.root / "postgres"
        self.data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.data, "postgres")
        password = self.data.with_suffix(".password")
        password.write_text(SECRET, encoding="utf-8")
        password.chmod(0o644)
        login = ("-U", "acv", "--auth=scram-sha-256", f"--pwfile={password}")
        self._postgres("initdb", "-D", str(self.data), *login, "-N")
        self.go_on_with_postgres()
        self._postgres(
            "createdb", "-h", "127.0.0.1", "-p", str(self.database), "-U", "acv", "dagster"
        )

    def go_on_with_postgres(self) -> None:
        """Start it on what is there."""
        options = f"-p {self.database} -k {self.data} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._pg_ctl("start", "-w", "-o", options, "-l", str(self.data / "log"))

    def stop_postgres(self) -> None:
        """As it is before it has come up."""
        self._pg_ctl("stop", "-m", "immediate")

    def database_login(self) -> dict[str, str]:
        """What Postgres' programs need to get in."""
        said = {"HOST": "127.0.0.1", "PORT": str(self.database), "USER": "acv"}
        return {
            f"PG{k}": v for k, v in (said | {"DATABASE": "dagster", "PASSWORD": SECRET}).items()
        }

    def _pg_ctl(self, *arguments: str) -> None:
        self._postgres("pg_ctl", "-D", str(self.data), *arguments)

    def _postgres(self, program: str, *arguments: str) -> None:
        programs = postgres_programs()
        assert programs is not None
        user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        subprocess.run(
            [str(programs / program), *arguments], check=True, cwd=self.data,
            env=os.environ | {"PGPASSWORD": SECRET},
            stdout=subprocess.DEVNULL, stderr=self.log.open("ab"), **user,  # type: ignore[call-overload]
        )  # fmt: skip

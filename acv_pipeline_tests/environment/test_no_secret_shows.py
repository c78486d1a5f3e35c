"""A secret of its own in every place that takes one; everything fails; none of them is anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver_trajectory

ROOT = Path(__file__).parents[2]
AWAY = "127.0.0.1:9"  # where nobody answers
SECRETS = {
    "ACV_LANDING": f"sftp://acv:zq7-landing@{AWAY}/partners?token=zq7-query",
    "AWS_SECRET_ACCESS_KEY": "zq7-s3",
    "FSSPEC_SFTP_PASSPHRASE": "zq7-passphrase",
    "ACV_ALERT_URLS": f"json://zq7-user:zq7-hook@{AWAY}/zq7-path?+h=zq7-header\n"
    f"mailto://me:zq7-mail@{AWAY}?smtp=127.0.0.1&from=a@example.org&mode=insecure\n"
    # one that the library refuses, and may quote
    "slack://zq7-slack",
    "ACV_DATAGOUV_KEY": "zq7-key-of-the-portal",
    "OPENLINEAGE_URL": f"http://me:zq7-lineage@{AWAY}",
    "OPENLINEAGE_API_KEY": "zq7-key-of-lineage",
}
DATABASE = f"postgresql+psycopg2://acv:zq7-database@{AWAY}/dagster"
MARK = b"zq7-"
# commands of Dagster's, one after the other, in a process that imports it once
DAGSTER = """
import json, sys
from dagster._cli import create_dagster_cli
*others, last = json.loads(sys.argv[1])
for command in others:
    create_dagster_cli().main(command, standalone_mode=False)
create_dagster_cli().main(last)
"""
DEFINITIONS = ["-m", "acv_pipeline.definitions"]
NO_SECOND_TRY = '{"ops": {"data_gouv_resources": {"config": {"retries": 0}}}}'


class Watched:
    """Commands with these settings, and all that they say or show while they run."""

    def __init__(self, home: Home, settings: dict[str, str]) -> None:
        self.home = home
        self.settings = settings
        self.said = b""
        self.shown: set[bytes] = set()

    def __call__(self, *command: str, also: dict[str, str] | None = None) -> tuple[int, str]:
        environment = {**os.environ, "ACV_HOME": str(self.home.root), **self.settings}
        with subprocess.Popen(
            command, cwd=ROOT, env=environment | (also or {}), start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as process:  # fmt: skip
            assert process.stdout
            os.set_blocking(process.stdout.fileno(), False)
            said = b""
            while process.poll() is None:
                said += process.stdout.read() or b""
                self._look(process.pid)
                time.sleep(0.1)
            said += process.stdout.read() or b""
        self.said += said
        return process.returncode, said.decode(errors="replace")

    def acv(self, *arguments: str, also: dict[str, str] | None = None) -> tuple[int, str]:
        return self(str(Path(sys.executable).with_name("acv")), *arguments, also=also)

    def _look(self, session: int) -> None:
        """What a list of processes shows of those that the command started."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # ended meanwhile
                if int(stat.read_text().rpartition(")")[2].split()[3]) == session:
                    self.shown.add(stat.with_name("cmdline").read_bytes())


def written(home: Home) -> dict[str, bytes]:
    """All that is on disk of a home."""
    files = [path for path in home.root.rglob("*") if path.is_file()]
    return {str(path.relative_to(home.root)): path.read_bytes() for path in files}


def given(how: str, folder: Path, secrets: dict[str, str]) -> dict[str, str]:
    if how == "variables":
        return secrets
    folder.mkdir()
    for name, value in secrets.items():
        (folder / name).write_text(value + "\n")
    return {f"{name}_FILE": str(folder / name) for name in secrets}


@pytest.mark.parametrize("how", ["variables", "files"])
def test_none_in_what_runs_say_record_or_show(
    how: str, home: Home, landing: Path, contract: Contract, tmp_path: Path
) -> None:
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, ["2018-09"])
    run = Watched(
        home,
        {
            **given(how, tmp_path / "secrets", SECRETS),
            "AWS_ACCESS_KEY_ID": "WHO",
            "AWS_ENDPOINT_URL": f"http://{AWAY}",
            "ACV_DATAGOUV": "demo",
            "ACV_DATAGOUV_DATASET": "figures",
            "ACV_DATAGOUV_URL": f"http://{AWAY}",
            "DAGSTER_HOME": str(home.dagster),
            "ACV_LOG_FORMAT": "json" if how == "files" else "",
        },
    )
    # landing zones that are away
    code, said = run.acv("run")
    assert code == 2 and f"sftp://{AWAY}/partners cannot be read now" in said, said
    code, said = run.acv("run", "--landing", "s3://bucket/partners")
    assert code == 2 and "s3://bucket/partners cannot be read now" in said, said
    # a run whose lineage nobody hears
    code, said = run.acv("run", "--landing", str(landing))
    assert code == 0, said
    # ticks: of the landing zone that is away, and of channels that are; a portal that is away
    tick = ["sensor", "preview", *DEFINITIONS]
    publish = ["asset", "materialize", *DEFINITIONS, "--select", "data_gouv_resources"]
    commands = [
        [*tick, "arrivals"], [*tick, "alerts"], [*publish, "--config-json", NO_SECOND_TRY],
    ]  # fmt: skip
    code, said = run(sys.executable, "-c", DAGSTER, json.dumps(commands))
    assert "cannot be read now" in said, said
    assert "3 waiting for a channel" in said or "does not work" in said, said
    assert code == 1 and "does not answer" in said, said
    code, said = run.acv("status")
    assert code == 1 and "cannot be read now" in said, said
    code, said = run.acv("health", "--json")
    assert code == 1, said
    # a database that is away
    other = Home(tmp_path / "other")
    also = given(how, tmp_path / "database", {"ACV_STORAGE_URL": DATABASE})
    code, said = run.acv("run", "--landing", str(landing), "--home", str(other.root), also=also)
    assert code != 0 and "refused" in said, said

    places = {"said": run.said, **written(home), **written(other)}
    assert any(b"data_gouv_resources" in text for name, text in places.items() if "runs" in name)
    assert b"lineage events" in b"".join(places.values()) and "alerts.sqlite" in places
    assert [name for name, text in places.items() if MARK in text] == []
    assert len(run.shown) > 8 and not [line for line in run.shown if MARK in line]

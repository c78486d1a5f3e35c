"""``make audit``: known vulnerabilities of what is installed to run, or why not to mind."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

from acv_pipeline_tests.supply_chain.lock import ROOT, RUN_LOCK

WAIVERS = ROOT / "requirements" / "waivers.toml"
CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 2


class WaiverError(ValueError):
    """A waiver is incomplete; the message says which and what it lacks."""


@dataclass(frozen=True)
class Waiver:
    """A vulnerability that somebody looked at and lets stand until a day."""

    package: str
    id: str
    reason: str
    expires: dt.date


@dataclass(frozen=True)
class Vulnerability:
    """One known vulnerability of one pinned package."""

    package: str
    version: str
    ids: frozenset[str]
    fixed_in: tuple[str, ...]
    summary: str

    def __str__(self) -> str:
        fixed = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fixed version"
        return f"{self.package} {self.version}: {', '.join(sorted(self.ids))} ({fixed})"


def read_waivers(path: Path) -> list[Waiver]:
    """The waivers of a file; none if there is no file.

    Raises:
        WaiverError: one lacks its package, id, reason or expiry.
    """
    if not path.exists():
        return []
    waivers = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("waiver", []):
        missing = [k for k in ("package", "id", "reason", "expires") if not entry.get(k)]
        if missing or not isinstance(entry["expires"], dt.date):
            lacks = ", ".join(missing) or "a day as expiry (expires = 2027-01-31)"
            raise WaiverError(f"{path.name}: a waiver {entry} lacks {lacks}")
        waivers.append(Waiver(**{k: entry[k] for k in ("package", "id", "reason", "expires")}))
    return waivers


def judge(
    found: list[Vulnerability], waivers: list[Waiver], today: dt.date
) -> tuple[list[Vulnerability], list[str]]:
    """What is left after the waivers that hold, and lines about waivers."""
    left, said, used = [], [], set()
    for vulnerability in found:
        matching = [
            w for w in waivers if w.package == vulnerability.package and w.id in vulnerability.ids
        ]
        used.update(matching)
        if valid := [w for w in matching if w.expires >= today]:
            said.append(f"waived until {valid[0].expires}: {vulnerability}: {valid[0].reason}")
            continue
        said += [f"the waiver of {w.id} expired on {w.expires}" for w in matching]
        left.append(vulnerability)
    said += [f"the waiver of {w.id} ({w.package}) can go" for w in waivers if w not in used]
    return left, said


def ask(lock: Path, osv_url: str | None) -> list[Vulnerability]:
    """What pip-audit knows of a lock's packages.

    Raises:
        ConnectionError: its database cannot be reached, or it cannot read the lock.
    """
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip",
        "--format", "json", "--progress-spinner", "off", "--vulnerability-service", "osv",
        "--aliases", "on", "--desc", "on",
    ]  # fmt: skip
    if osv_url:
        command += ["--osv-url", osv_url]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        dependencies = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = result.stderr.strip().splitlines()
        raise ConnectionError(lines[-1] if lines else f"exit code {result.returncode}") from None
    if skipped := [d for d in dependencies if "skip_reason" in d]:
        raise ConnectionError(f"{skipped[0]['name']}: {skipped[0]['skip_reason']}")
    return [
        Vulnerability(
            dependency["name"],
            dependency["version"],
            frozenset([entry["id"], *entry.get("aliases", [])]),
            tuple(entry.get("fix_versions", [])),
            entry.get("description") or "",
        )
        for dependency in dependencies
        for entry in dependency["vulns"]
    ]


@click.command()
@click.option("--lock", type=click.Path(path_type=Path), default=RUN_LOCK)
@click.option("--waivers", type=click.Path(path_type=Path), default=WAIVERS)
@click.option("--osv-url", help="Another database with OSV's interface.")
def main(lock: Path, waivers: Path, osv_url: str | None) -> None:
    """Fail on known vulnerabilities that nobody waived, and when they cannot be looked up."""
    try:
        allowed = read_waivers(waivers)
        found = ask(lock, osv_url)
    except WaiverError as error:
        click.echo(f"audit: {error}", err=True)
        sys.exit(NOT_AUDITED)
    except ConnectionError as error:
        click.echo(
            f"audit: NOT AUDITED, the vulnerability database gave no answer: {error}", err=True
        )
        sys.exit(NOT_AUDITED)
    left, said = judge(found, allowed, dt.date.today())
    for line in said:
        click.echo(line)
    for vulnerability in left:
        click.echo(f"VULNERABLE {vulnerability}")
    if left:
        click.echo(
            f"{len(left)} known vulnerabilities: renew the lock (make lock), or waive each in "
            f"{waivers.name} with package, id, reason and expires"
        )
        sys.exit(VULNERABLE)
    click.echo(f"{lock.name}: no known vulnerability that nobody looked at")


if __name__ == "__main__":
    main()

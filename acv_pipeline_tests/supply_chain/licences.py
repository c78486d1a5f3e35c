"""``docs/licences.md``: the licences of what is installed to run, from the installed metadata.

To renew the page: ``python -m acv_pipeline_tests.supply_chain.licences``.
"""

from __future__ import annotations

from acv_pipeline_tests.supply_chain.lock import ROOT, licence, read_lock

PAGE = ROOT / "docs" / "licences.md"
HEAD = """\
# Licences of dependencies

What `requirements/run.lock` installs, with the licence that each package states of itself.
acv_pipeline itself is under the MIT licence. Written by
`python -m acv_pipeline_tests.supply_chain.licences`.

| Package | Version | Licence |
|---|---|---|
"""


def page() -> str:
    """The page as it should be; a package of other platforms keeps what the page says of it."""
    before = _listed(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    lines = []
    for pinned in read_lock():
        stated = licence(pinned.name) or before.get(pinned.name) or "not installed on this platform"
        lines.append(f"| {pinned.name} | {pinned.version} | {stated.replace('|', '/')} |\n")
    return HEAD + "".join(lines)


def _listed(text: str) -> dict[str, str]:
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {row[0]: row[2] for row in rows if len(row) == 3}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

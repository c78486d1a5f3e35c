"""``make sbom``: a CycloneDX bill of materials, from the lock and the installed metadata."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType, Property
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

from acv_pipeline_tests.supply_chain.lock import ROOT, licence, read_lock


def bom() -> Bom:
    """The bill of materials of the run-time lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made = Bom()
    made.metadata.component = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref=project["name"],
    )
    parts = []
    for pinned in read_lock():
        stated = licence(pinned.name)
        part = Component(
            name=pinned.name,
            version=pinned.version,
            type=ComponentType.LIBRARY,
            bom_ref=f"{pinned.name}=={pinned.version}",
            purl=PackageURL("pypi", name=pinned.name, version=pinned.version),
            licenses=[DisjunctiveLicense(name=stated)] if stated else [],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=h) for h in pinned.hashes],
            properties=(
                [Property(name="installed-where", value=pinned.marker)] if pinned.marker else []
            ),
        )
        made.components.add(part)
        parts.append(part)
    made.register_dependency(made.metadata.component, parts)
    return made


def as_json() -> str:
    """The bill of materials as CycloneDX 1.5 JSON."""
    made = bom()
    made.metadata.timestamp = None  # type: ignore[assignment]
    made.serial_number = None  # type: ignore[assignment]
    return str(JsonV1Dot5(made).output_as_string(indent=2)) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(as_json(), encoding="utf-8")
    print(f"{target}: {len(read_lock())} packages")

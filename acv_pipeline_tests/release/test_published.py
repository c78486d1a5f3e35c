"""A whole release, as it is made, on a portal that answers as udata does."""

from __future__ import annotations

from pathlib import Path

from acv_pipeline.publishing.datagouv.publish import publish
from acv_pipeline.publishing.datagouv.settings import Settings
from acv_pipeline_tests.datagouv.portal import DATASET, KEY, running
from acv_pipeline_tests.release.conftest import Released


def test_a_whole_release_is_published_once(small: Released, tmp_path: Path) -> None:
    with running() as portal:
        settings = Settings("demo", portal.url, DATASET, KEY)
        first = publish(small.folder, settings, tmp_path / "datagouv.json")
        files = list(small.folder.iterdir())
        assert len(first.files) == len(files) == len(portal.resources) == 13 * 4 + 5
        for path in files:
            known = path.suffix in (".csv", ".json", ".parquet", ".xlsx")
            name = path.name if known else f"{path.name}.txt"
            assert portal.held(name) == path.read_bytes()
        titles = [resource["title"] for resource in portal.resources[:3]]
        assert titles == [
            "Data Package", "ACV : logements par département", "ACV : logements par région",
        ]  # fmt: skip
        portal.forget()
        again = publish(small.folder, settings, tmp_path / "datagouv.json")
        assert {report.done for report in again.files} == {"unchanged"} and not portal.writes()

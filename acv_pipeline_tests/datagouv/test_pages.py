"""``docs/publishing.md``: its settings are taken, its example runs, its messages are ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acv_pipeline.publishing import datagouv
from acv_pipeline.publishing.datagouv import settings as names
from acv_pipeline.publishing.datagouv.settings import Settings
from acv_pipeline_tests.datagouv.portal import DATASET, KEY, Portal

PAGE = (Path(__file__).parents[2] / "docs" / "publishing.md").read_text(encoding="utf-8")
CODE = Path(datagouv.__file__).parent


def exports() -> list[dict[str, str]]:
    blocks = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    return [dict(re.findall(r"export (\w+)=(\S+)", block)) for block in blocks]


def test_the_settings_of_each_step_are_taken() -> None:
    modes = [Settings.from_environment(step).mode for step in exports()]
    assert modes == ["demo", "dry-run", "live"]
    listed = set(re.findall(r"^\| `(ACV_\w+)` \|", PAGE, re.MULTILINE))
    code = "".join(path.read_text(encoding="utf-8") for path in CODE.glob("*.py"))
    assert listed == set(re.findall(r'"(ACV_\w+)"', code))


def test_the_example_publishes(
    portal: Portal,
    release: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "acv_home").mkdir()
    release.parent.rename(tmp_path / "acv_home/releases")
    (tmp_path / "acv_home/releases/latest").symlink_to(release.name)
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("ACV_DATAGOUV", "demo"),
        ("ACV_DATAGOUV_URL", portal.url),
        ("ACV_DATAGOUV_DATASET", DATASET),
        ("ACV_DATAGOUV_KEY", KEY),
    ):
        monkeypatch.setenv(name, value)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(example, {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].endswith("10 created") and len(printed) == 11
    address = f"{portal.url}/fr/datasets/r/"
    assert printed[-1].startswith(f"created datapackage.json {address}")
    assert (tmp_path / "acv_home/datagouv.json").exists()


def test_every_message_of_the_page_is_one_of_ours() -> None:
    table = PAGE.split("## When it fails")[1]
    code = "".join(path.read_text(encoding="utf-8") for path in CODE.glob("*.py"))
    known = re.sub(r'"\s*\n\s*f?"', "", code)  # strings that continue on the next line
    for name in ("DATASET", "KEY", "URL"):
        known = known.replace(f"{{{name}}}", getattr(names, name))
    messages = re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)
    assert len(messages) == 14
    for message in messages:
        assert message in known, message

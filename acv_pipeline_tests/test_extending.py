"""docs/extending.md, word for word: a mart, a check, an asset and a sensor of one's own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import load_contract
from acv_pipeline_tests.deliveries import deliver_trajectory

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "extending.md"
FILE = r"`((?:dbt_like_sql|acv_pipeline)/[\w/]+\.\w+)`"
BLOCK = re.compile(FILE + r"(?:(?!```).)*?```\w+\n(.*?)```", re.DOTALL)


# what the daemon asks for before and after `acv run`
FOLLOWED = """
import subprocess
import dagster as dg
from acv_pipeline.definitions import defs
own = dg.AssetKey("busiest_department")
with dg.DagsterInstance.get() as instance:
    before = dg.evaluate_automation_conditions(defs(), instance=instance)
    subprocess.run(["acv", "run"], check=True)
    after = dg.evaluate_automation_conditions(defs(), instance=instance, cursor=before.cursor)
print(f"asked for {before.get_num_requested(own)}, then {after.get_num_requested(own)}")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the page changes, with two months delivered."""
    tmp_path = tmp_path_factory.mktemp("checkout")
    for folder in ("acv_pipeline", "dbt_like_sql"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for file in ("pyproject.toml", "workspace.yaml"):
        shutil.copy(ROOT / file, tmp_path)
    for source in ("anah", "action_logement"):
        deliver_trajectory(
            tmp_path / "home" / "landing", load_contract(), source, ["2018-09", "2018-10"]
        )
    return tmp_path


def in_it(checkout: Path, *command: str) -> str:
    binaries = Path(sys.executable).parent
    result = subprocess.run(
        [str(binaries / command[0]), *command[1:]],
        cwd=checkout,
        env={
            "PATH": f"{binaries}:/usr/bin:/bin",
            "PYTHONPATH": str(checkout),
            "HOME": str(checkout),
            "ACV_HOME": str(checkout / "home"),
            "DAGSTER_HOME": str(checkout / "home" / "dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_what_the_page_adds_works_as_it_is_written(checkout: Path) -> None:
    written = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    assert len(written) == 6
    for path, text in written.items():
        (checkout / path).write_text(text, encoding="utf-8")
    in_it(checkout, "acv", "run")
    assert "Nothing to do" in in_it(checkout, "acv", "run")
    with duckdb.connect(str(checkout / "home/published/acv.duckdb"), read_only=True) as copy:
        ((rows,),) = copy.execute("select count(*) from marts.busiest_month").fetchall()
        checked = copy.execute(
            "select distinct severity, passed from validated.check_results"
            " where check_name = 'busiest_month_adds'"
        ).fetchall()
        generic = copy.execute(
            "select distinct split_part(check_name, '_busiest', 1), passed"
            " from validated.check_results where check_name like '%_busiest_month_department_code%'"
            " order by 1"
        ).fetchall()
    assert rows and checked == [("warn", True)]
    assert generic == [("not_null", True), ("relationships", True)]
    in_it(checkout, "dg", "launch", "--assets", "busiest_department")
    deliver_trajectory(checkout / "home" / "landing", load_contract(), "anah", ["2018-11"])
    assert "asked for 0, then 1" in in_it(checkout, "python", "-c", FOLLOWED)
    tick = (
        "import dagster as dg; from acv_pipeline.definitions import defs; d = defs();"
        "s = d.resolve_sensor_def('held_months_told');"
        "given = {'published': d.resources['published']};"
        "print(s(dg.build_sensor_context(resources=given)))"
    )
    in_it(checkout, "python", "-c", tick)
    assert (checkout / "home" / "held.txt").read_text() == "nothing"


def test_a_changed_model_and_a_changed_seed_are_built_by_the_next_run(checkout: Path) -> None:
    """With whatever reads them; and once. Goes on where the page's additions ended."""

    def ranked() -> tuple[str, float]:
        with duckdb.connect(str(checkout / "home/published/acv.duckdb"), read_only=True) as copy:
            ((name, density),) = copy.execute(
                "select any_value(department_name), max(dwellings_per_10k_inhabitants)"
                " from marts.department_rankings where department_code = '59'"
            ).fetchall()
        return name, density

    name, density = ranked()
    seed = checkout / "dbt_like_sql/seeds/departments.csv"
    model = checkout / "dbt_like_sql/models/department_rankings.sql"
    for path, old, new in ((seed, f",{name},", ",Le Nord,"), (model, "10000", "20000")):
        before = path.read_text(encoding="utf-8")
        assert before.count(old) >= 1, old
        path.write_text(before.replace(old, new), encoding="utf-8")
    assert "Nothing to do" not in in_it(checkout, "acv", "run")
    assert ranked() == ("Le Nord", 2 * density)
    assert "Nothing to do" in in_it(checkout, "acv", "run")

"""dbt's generic tests, declared at a column: what they find, their names, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from acv_pipeline.models import Project, SqlProjectError
from acv_pipeline_tests.models.world import World

ROWS = """
select cast(m as date) as month, code, cast(amount as bigint) as amount
from (
    values ('2020-01-01', '01', 1), ('2020-02-01', '2A', 2), ('2020-03-01', {third})
) as t (m, code, amount)
"""


def project(folder: Path, column: str, declared: object, third: str = "'03', 3") -> Project:
    """One model whose third month is as given, with a test of one of its columns."""
    columns: list[dict[str, Any]] = [
        {"name": name, "data_type": kind, "description": name}
        for name, kind in (("month", "date"), ("code", "varchar"), ("amount", "bigint"))
    ]
    next(c for c in columns if c["name"] == column)["data_tests"] = [declared]
    model = {"name": "own", "description": "Own.", "columns": columns}
    seed = {
        "name": "departments",
        "description": "Départements.",
        "columns": [{"name": "department_code", "description": "Code."}],
        "config": {"column_types": {"department_code": "varchar"}},
    }
    for kind in ("models", "tests", "seeds"):
        (folder / kind).mkdir()
    (folder / "models" / "own.sql").write_text(ROWS.format(third=third), encoding="utf-8")
    (folder / "models" / "schema.yml").write_text(yaml.safe_dump({"models": [model]}))
    (folder / "seeds" / "seeds.yml").write_text(yaml.safe_dump({"seeds": [seed]}))
    (folder / "seeds" / "departments.csv").write_text("department_code\n01\n2A\n03\n")
    return Project.load(folder)


AMONG = {"accepted_values": {"values": ["01", "2A", "03"]}}
NUMBERS = {"accepted_values": {"arguments": {"values": [1, 2, 3]}}}
KNOWN = {"relationships": {"to": "ref('departments')", "field": "department_code"}}


@pytest.mark.parametrize(
    ("column", "declared", "name", "broken", "months"),
    [
        ("code", "not_null", "not_null_own_code", "null, 3", {"2020-03"}),
        ("code", "unique", "unique_own_code", "'01', 3", {"2020-01", "2020-03"}),
        ("code", AMONG, "accepted_values_own_code__01__2A__03", "'9', 3", {"2020-03"}),
        ("amount", NUMBERS, "accepted_values_own_amount__1__2__3", "'03', 9", {"2020-03"}),
        (
            "code", KNOWN,
            "relationships_own_code__department_code__ref_departments_", "'9', 3", {"2020-03"},
        ),
    ],
)  # fmt: skip
def test_each_passes_and_finds_what_is_broken(
    tmp_path: Path, world: World, column: str, declared: object, name: str, broken: str,
    months: set[str],
) -> None:  # fmt: skip
    for number, (third, expected) in enumerate((("'03', 3", set()), (broken, months))):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = project(folder, column, declared, third)
        made.load_seeds(world.connection)
        made.build(world.connection)
        assert [*made.tests] == [name], "as dbt calls it"
        test = made.tests[name]
        assert (test.model, test.severity) == ("own", "error")
        assert test.description and test.what_to_do
        found = made.run_test(world.connection, name)
        assert {f"{found:%Y-%m}" for found in found.per_month} == expected
        assert found.total == len(expected)


@pytest.mark.parametrize("declared", ["unique", AMONG, KNOWN])
def test_an_absent_value_is_for_not_null_alone(
    tmp_path: Path, world: World, declared: object
) -> None:
    made = project(tmp_path, "code", declared, "null, 3), ('2020-04-01', null, 4")
    made.load_seeds(world.connection)
    made.build(world.connection)
    (name,) = made.tests
    assert made.run_test(world.connection, name).passed


def test_it_can_be_named_described_and_made_a_warning(tmp_path: Path) -> None:
    said = {
        "name": "codes_are_there",
        "description": "Nobody is without.",
        "config": {"severity": "warn", "meta": {"what_to_do": "Ask."}},
    }
    (test,) = project(tmp_path, "code", {"not_null": said}).tests.values()
    assert (test.name, str(test.description)) == ("codes_are_there", "Nobody is without.")
    assert (test.severity, str(test.what_to_do)) == ("warn", "Ask.")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"unique": {"where": "amount > 1"}}, "unique_own_code: where isn't read here"),
        ({"unique": {"config": {"limit": 1}}}, "unique_own_code, config: limit isn't read here"),
        ({"not_null": {"config": {"severity": "loud"}}}, "severity is loud"),
        ({"accepted_values": {}}, "data_tests, accepted_values: values is missing"),
        ({"relationships": {"to": "ref('departments')"}}, "relationships: field is missing"),
        ({"relationships": {"to": "ref('nobody')", "field": "x"}}, "reads nobody"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, declared: object, message: str) -> None:
    with pytest.raises(SqlProjectError, match=message):
        project(tmp_path, "code", declared)


@pytest.mark.parametrize("declared", ["dbt_utils.not_constant", 3])
def test_what_is_no_test_here_is_refused(tmp_path: Path, declared: object) -> None:
    with pytest.raises(
        SqlProjectError, match=r"own: 3 declares no|not_constant_own_code: description is missing"
    ):
        project(tmp_path, "code", declared)


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    project(tmp_path / "own", "code", "unique")
    schema = tmp_path / "own" / "models" / "schema.yml"
    schema.write_text(schema.read_text().replace("- unique", "- unique\n    - unique"))
    with pytest.raises(SqlProjectError, match=r"two tests are called unique_own_code"):
        Project.load(tmp_path / "own")

"""The engine: reading the folder, building, testing."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
import yaml

from acv_pipeline.models import Project, SqlProjectError
from acv_pipeline.models.described import documented
from acv_pipeline_tests.models.world import ACV, World, month


def test_every_column_has_a_description(project: Project) -> None:
    for node in (*project.models.values(), *project.seeds.values()):
        assert node.description
        assert all(column.description for column in node.columns), node.name


def test_the_first_build_reports_every_month_and_the_second_none(world: World) -> None:
    world.figures("barometre", {"2020-01": {"01": 1, "03": 1}, "2020-02": {"01": 2}})
    first = world.project.build(world.connection)
    assert first["series"] == {month("2020-01"), month("2020-02")}
    second = world.project.build(world.connection)
    assert list(second) == list(world.project.models)
    assert all(changed == frozenset() for changed in second.values())


def test_a_changed_month_changes_its_own_and_the_next_increments(world: World) -> None:
    world.figures("barometre", {f"2020-0{m}": {"01": 10 * m, "03": m} for m in range(1, 6)})
    world.build()
    world.connection.execute(
        "update validated.observations set cumulative_dwellings = 25"
        " where department_code = '01' and month = '2020-02-01'"
    )
    results = world.project.build(world.connection)
    february, march = month("2020-02"), month("2020-03")
    assert results["series"] == {february}
    assert results["monthly_increments"] == {february, march}
    assert results["department_rankings"] == {february, march}


def test_a_month_that_loses_its_rows_is_a_changed_month(world: World) -> None:
    world.figures("barometre", {"2020-01": {"01": 1}, "2020-02": {"01": 2}})
    world.build()
    world.connection.execute("delete from validated.observations where month = '2020-02-01'")
    assert world.project.build(world.connection, ["series"])["series"] == {month("2020-02")}
    assert world.rows("select month, count(*) from marts.series group by month") == [
        (month("2020-01"), 1)
    ]


def test_a_build_can_be_rolled_back(world: World) -> None:
    world.figures("barometre", {"2020-01": {"01": 1}})
    world.build()
    world.connection.execute("begin")
    world.figures("barometre", {"2020-02": {"01": 2}})
    world.build()
    world.connection.execute("rollback")
    assert world.rows("select count(*) from marts.series") == [(1,)]


def test_tables_have_exactly_the_documented_columns(world: World) -> None:
    world.build()
    for model in world.project.models.values():
        described = world.rows(f"describe {model.table}")
        assert [(name, kind.lower()) for name, kind, *_ in described] == [
            (column.name, column.data_type) for column in model.columns
        ]


def test_intermediate_models_have_exactly_the_documented_columns(world: World) -> None:
    entries = documented(world.project.path)["models"]
    for name in world.project.intermediate:
        (entry,) = (entry for entry in entries if entry["name"] == name)
        sql = world.project.compile(name)
        assert [(column, kind.lower()) for column, kind, *_ in world.rows(f"describe {sql}")] == [
            (column["name"], column["data_type"]) for column in entry["columns"]
        ]


def test_a_table_of_other_columns_in_the_place_of_a_mart_says_nothing(world: World) -> None:
    world.figures("barometre", {"2020-01": {"01": 1}})
    world.build()
    world.connection.execute("create or replace table marts.series as select 1 as nothing")
    assert world.project.build(world.connection)["series"] == {month("2020-01")}
    assert world.rows("select count(*) from marts.series") == [(1,)]


def folder(tmp_path: Path, **models: str) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "tests").mkdir()
    entries = ["models:"]
    for name, sql in models.items():
        (tmp_path / "models" / f"{name}.sql").write_text(sql, encoding="utf-8")
        entries += [
            f"- name: {name}",
            "  description: one",
            "  columns: [{name: month, data_type: date, description: first day}]",
        ]
    (tmp_path / "models" / "schema.yml").write_text("\n".join(entries), encoding="utf-8")
    return tmp_path


def test_columns_that_differ_from_the_documented_ones_are_refused(
    tmp_path: Path, world: World
) -> None:
    project = Project.load(folder(tmp_path, one="select '2020' as month"))
    with pytest.raises(SqlProjectError, match=r"month varchar.*documents \(month date\)"):
        project.build(world.connection)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({"one": "select * from {{ ref('nowhere') }}"}, "nowhere"),
        ({"one": "select * from {{ source('raw', 'nowhere') }}"}, r"raw\.nowhere"),
        ({"one": "select {{ env_var('HOME') }}"}, "env_var"),
        ({"one": "{% if %}"}, r"one\.sql"),
        (
            {"one": "from {{ ref('two') }}", "two": "from {{ ref('one') }}"},
            "in a circle",
        ),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, models: dict[str, str], message: str) -> None:
    with pytest.raises(SqlProjectError, match=message):
        Project.load(folder(tmp_path, **models))


def test_an_undescribed_model_is_named(tmp_path: Path) -> None:
    path = folder(tmp_path, one="select 1")
    (path / "models" / "two.sql").write_text("select 2", encoding="utf-8")
    with pytest.raises(SqlProjectError, match="two is either"):
        Project.load(path)


def test_a_folder_that_is_no_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(SqlProjectError, match="is no SQL project"):
        Project.load(tmp_path)


def test_unknown_names_are_named(project: Project, world: World) -> None:
    with pytest.raises(SqlProjectError, match="nothing_like_it"):
        project.compile("nothing_like_it")
    with pytest.raises(SqlProjectError, match="nothing_like_it"):
        project.build(world.connection, ["nothing_like_it"])


def test_a_model_whose_upstream_was_never_built_is_named(world: World) -> None:
    with pytest.raises(SqlProjectError, match=r"marts\.monthly_increments reads a table"):
        world.project.build(world.connection, ["monthly_increments"])


def test_offending_rows_are_counted_by_month_and_sampled(world: World) -> None:
    figures = {f"2020-0{m}": {"01": 1, "03": 1, "2A": 1} for m in (1, 2)}
    world.figures("barometre", figures)
    world.build()
    codes = [code for (code,) in world.rows("select department_code from reference.departments")]
    for code in codes:
        world.insert("marts.series", (ACV, "published", month("2020-03"), code, 5, False, None))
    result = world.project.run_test(world.connection, "no_rank_without_figure")
    assert not result.passed
    assert result.total == 101
    assert result.per_month == {month("2020-03"): 101}
    assert len(result.sample) == 20
    assert result.sample[0]["department_code"] == "01"
    assert world.project.tests["no_rank_without_figure"].model == "department_rankings"


TEST = {
    "name": "two",
    "description": "There are none.",
    "config": {"meta": {"what_to_do": "Nothing."}},
}
GENERIC = """
{% test key(model, column_name='month') %}
select {{ column_name }} from {{ model }} group by {{ column_name }} having count(*) > 1
{% endtest %}
"""
MODEL = {
    "name": "one",
    "description": "One.",
    "columns": [{"name": "month", "data_type": "date", "description": "Month."}],
}


def described(folder: Path, model: dict[str, object], test: dict[str, object]) -> Project:
    """A project of one model and one test, described like this."""
    for kind, name, sql in (
        ("models", "one", "select month from x"),
        ("tests", "two", "select 1 from {{ ref('one') }}"),
        ("tests/generic", "key", GENERIC),
    ):
        (folder / kind).mkdir(exist_ok=True)
        (folder / kind / f"{name}.sql").write_text(sql, encoding="utf-8")
    (folder / "models" / "schema.yml").write_text(yaml.safe_dump({"models": [model]}))
    (folder / "tests" / "tests.yml").write_text(yaml.safe_dump({"data_tests": [test]}))
    return Project.load(folder)


def test_severity_may_stand_in_the_yaml_as_in_dbt(tmp_path: Path) -> None:
    assert described(tmp_path, MODEL, TEST).tests["two"].severity == "error"
    for written in ("warn", "WARN"):
        config = {**TEST["config"], "severity": written}  # type: ignore[dict-item]
        found = described(tmp_path, MODEL, TEST | {"config": config})
        assert found.tests["two"].severity == "warn"
    (tmp_path / "tests" / "two.sql").write_text("x")
    sql = "{{ config(severity='error') }} select 1 from {{ ref('one') }}"
    (tmp_path / "tests" / "two.sql").write_text(sql, encoding="utf-8")
    assert Project.load(tmp_path).tests["two"].severity == "error", "the SQL has the last word"


def test_generic_tests_are_declared_for_a_model_or_its_columns(tmp_path: Path) -> None:
    facts = {key: TEST[key] for key in ("description", "config")}
    column = {"name": "month", "data_type": "date", "description": "M"}
    model = MODEL | {
        "data_tests": [{"key": TEST | {"name": "of_model"}}],
        "columns": [column | {"data_tests": [{"key": facts}]}],
    }
    project = described(tmp_path, model, TEST)
    assert list(project.tests) == ["two", "of_model", "key_one_month"]
    assert project.tests["of_model"].models == ("one",)
    assert project.compile("key_one_month") == (
        "select month from marts.one group by month having count(*) > 1"
    )


def test_doc_blocks_say_what_takes_more_than_a_line(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    block = "{% docs one %}\nMonths,\nand no more.\n{% enddocs %}"
    (tmp_path / "models" / "docs.md").write_text(block, encoding="utf-8")
    project = described(tmp_path, MODEL | {"description": "{{ doc('one') }}"}, TEST)
    assert project.models["one"].description == "Months, and no more."


@pytest.mark.parametrize(
    ("model", "test", "message"),
    [
        ({}, {"config": {}}, r"tests\.yml: data_tests, two: config\.meta\.what_to_do is missing"),
        ({}, {"config": None}, r"two: config\.meta\.what_to_do is missing"),
        ({}, {"description": ""}, r"tests\.yml: data_tests, two: description is missing"),
        (
            {},
            {"config": {"meta": {"what_to_do": "x"}, "severity": "loud"}},
            r"two: severity is loud: it is error or warn",
        ),
        (
            {},
            {"config": {"meta": {"what_to_do": "x"}, "error_if": ">10"}},
            r"two, config: error_if isn't read here",
        ),
        ({"tests": ["unique"]}, {}, r"schema\.yml: models, one: tests isn't read here"),
        ({"data_tests": ["unique"]}, {}, r"data_tests, unique_one: description is missing"),
        ({"data_tests": [{"odd": TEST}]}, {}, r"one: odd is no test here: write it as .*odd\.sql"),
        (
            {"data_tests": [{"key": TEST | {"arguments": {"colour": "red"}}}]},
            {},
            r"key\.sql, for one: .*colour",
        ),
        ({"data_tests": [{"key": TEST}]}, {}, r"one: two tests are called two"),
        ({"data_tests": [["key"]]}, {}, r"one: \['key'\] declares no test"),
        (
            {"columns": [{"name": "month", "data_type": "date", "description": "M", "tests": []}]},
            {},
            r"one, column month: tests isn't read here",
        ),
        ({"description": "{{ doc('nowhere') }}"}, {}, r"has a doc block nowhere"),
        (
            {"columns": [{"name": "month", "description": "M"}]},
            {},
            r"one, column month: data_type is missing",
        ),
        ({"columns": None}, {}, r"schema\.yml: models, one: columns is missing"),
    ],
)
def test_what_isnt_read_in_the_yaml_is_refused_with_file_and_key(
    tmp_path: Path, model: dict[str, object], test: dict[str, object], message: str
) -> None:
    with pytest.raises(SqlProjectError, match=message):
        described(tmp_path, MODEL | model, TEST | test)


def test_lineage_says_which_columns_a_column_is_made_of(project: Project) -> None:
    lineage = project.column_lineage
    assert lineage["series"]["cumulative_dwellings"] == (
        ("validated.dwellings", "cumulative_dwellings"),
    )
    assert lineage["department_rankings"]["dwellings_per_10k_inhabitants"] == (
        ("marts.monthly_increments", "cumulative_dwellings"),
        ("reference.departments", "population"),
    )
    for name, model in project.models.items():
        assert list(lineage[name]) == [column.name for column in model.columns]
        read = {table for origins in lineage[name].values() for table, _ in origins}
        assert read <= {
            *model.sources,
            *(f"marts.{upstream}" for upstream in model.depends_on),
            *(f"reference.{seed}" for seed in model.seeds),
        }


def test_models_and_tests_can_be_said_in_spark_too(project: Project) -> None:
    for name in (*project.models, *project.tests):
        sqlglot.transpile(
            project.compile(name),
            read="duckdb",
            write="spark",
            unsupported_level=sqlglot.ErrorLevel.RAISE,
        )

"""When there is a new release, what it says has changed, and that nothing else ever changes."""

from __future__ import annotations

import datetime as dt
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.publishing.release import Release, ReleaseError, latest_release, make_release
from acv_pipeline.publishing.release import release as making
from acv_pipeline.publishing.release.folder import SUMS, Version
from acv_pipeline.warehouse import transaction
from acv_pipeline_tests.deliveries import ACV, deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.release.conftest import TODAY, Released
from acv_pipeline_tests.warehouses import PROJECT, process

DAY = dt.date(2020, 5, 1)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*.*")}


def test_versions_follow_one_another() -> None:
    first = Version.of("2020-05-01")
    assert first == Version(DAY) and str(first) == "2020-05-01"
    assert str(first.next(DAY)) == "2020-05-01-2" and Version.of("2020-05-01-2") == first.next(DAY)
    assert str(first.next(DAY + dt.timedelta(1))) == "2020-05-02"
    assert str(first.next(DAY - dt.timedelta(9))) == "2020-05-01-2", "the clock was set back"
    assert Version.of("2020-05-01-9") < Version.of("2020-05-01-10")  # type: ignore[operator]
    for name in ("latest", "2020-05-01-0", "2020-13-01", ".being-written-1", "2020-05-01-x"):
        assert Version.of(name) is None


def test_one_release_per_change_of_figures(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract, landing: Path, tmp_path: Path
) -> None:
    """The story of five days."""
    folder = tmp_path / "releases"

    def release(day: dt.date) -> Release | None:
        process(warehouse, contract, landing)
        return make_release(warehouse, contract, folder, today=day)

    assert release(DAY) is None, "nothing is in force"
    assert list(folder.iterdir()) == []
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, ["2020-01", "2020-02"])

    first = release(DAY)
    assert first is not None and first.is_new and first.version == "2020-05-01"
    assert "première version" in (first.path / "CHANGES.md").read_text(encoding="utf-8")
    before = contents(first.path)

    # the same figures, on another day and after a delivery that changes nothing
    repeated = steady_figures(contract, month_of("2020-02"))
    deliver(landing, "anah", "2020-05-02", {"2020-02": repeated}, name="the same again.csv")
    same = release(DAY + dt.timedelta(1))
    assert same is not None and not same.is_new
    assert (same.path, same.version, same.sha256) == (first.path, first.version, first.sha256)
    assert (same.months, same.row_counts) == (first.months, first.row_counts)

    # on the same day: March, a corrected figure of January, and one of February that was missing
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, ["2020-03"])
    old = steady_figures(contract, month_of("2020-01"))["62"]
    january = steady_figures(contract, month_of("2020-01")) | {"62": old - 1}
    deliver(landing, "anah", "2020-04-20", {"2020-01": january}, name="correction.csv")
    second = release(DAY)
    assert second is not None and second.is_new and second.version == "2020-05-01-2"
    assert contents(first.path) == before, "a release is never rewritten"
    assert (folder / "latest").resolve() == second.path == latest_release(folder)
    changes = (second.path / "CHANGES.md").read_text(encoding="utf-8")
    total = old + steady_figures(contract, month_of("2020-01"), source="action_logement")["62"]
    national = sum(
        sum(steady_figures(contract, month_of("2020-01"), source=s).values())
        for s in ("anah", "action_logement")
    )
    assert "après la version 2020-05-01." in changes
    assert "| departemental | 2020-03-31 | 96 |\n| regional | 2020-03-31 | 18 |" in changes
    assert "| national | 2020-03-31 | 1 |" in changes
    assert (
        f"| departemental | Pas-de-Calais (62) | 2020-01-31 | {total} | {total - 1} | -1 |"
    ) in changes
    assert (f"| national | national | 2020-01-31 | {national} | {national - 1} | -1 |") in changes
    revised = changes.split("### Chiffres changés")[1].split("\n## ")[0]
    assert revised.count("2020-01-31") == 3 and "2020-02-29" not in revised, "these and no others"
    assert "### Chiffres retirés" not in changes
    assert "- `revisions.csv`" in changes and "- `livraisons.csv`" in changes

    # a bad month is held: nothing of it, so no release
    bad = steady_figures(contract, month_of("2020-03")) | {"59": 99_999}
    deliver(landing, "anah", "2020-05-03", {"2020-03": bad}, name="again.csv")
    third = release(DAY + dt.timedelta(3))
    assert third is not None and not third.is_new and third.path == second.path
    held = "select count(*) from validated.held_months where status = 'held'"
    assert warehouse.execute(held).fetchall() == [(1,)]
    assert sorted(path.name for path in folder.iterdir()) == [
        "2020-05-01",
        "2020-05-01-2",
        "latest",
    ]


def test_what_is_withdrawn_and_what_is_quoted_is_told(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract, landing: Path, tmp_path: Path
) -> None:
    """The Baromètre drops a month; then the partners' figures take the place of its own."""

    def published(*months: str) -> dict[str, dict[str, int]]:
        return {m: steady_figures(contract, month_of(m), source="barometre") for m in months}

    def release(day: dt.date) -> Release:
        process(warehouse, contract, landing)
        made = make_release(warehouse, contract, tmp_path / "releases", today=day)
        assert made is not None
        return made

    deliver(landing, "barometre", "2020-04-10", published("2020-01", "2020-02", "2020-03"))
    first = release(DAY)
    assert first.months == {ACV: [dt.date(2020, month, 1) for month in (1, 2, 3)]}
    deliver(landing, "barometre", "2020-04-20", published("2020-02", "2020-03"))
    second = release(DAY)
    changes = (second.path / "CHANGES.md").read_text(encoding="utf-8")
    withdrawn = changes.split("### Chiffres retirés")[1]
    value = steady_figures(contract, month_of("2020-01"), source="barometre")["01"]
    assert f"| departemental | Ain (01) | 2020-01-31 | {value} |  |  |" in withdrawn
    assert withdrawn.count("| 2020-01-31 |") == 96 + 18 + 1
    assert "### Nouvelles" not in changes and "révisés" not in changes
    revisions = (second.path / "revisions.csv").read_text(encoding="utf-8")
    assert revisions.count(",retrait,") == 96
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, ["2020-02"])
    third = release(DAY)
    changes = (third.path / "CHANGES.md").read_text(encoding="utf-8")
    assert "La série citée est maintenant `total`, au lieu de `published` : " in changes
    # February has a figure in both; March has none of the partners; January had none left
    values = [
        steady_figures(contract, month_of("2020-02"), source=s) for s in ("anah", "action_logement")
    ]
    before = steady_figures(contract, month_of("2020-02"), source="barometre")
    other = sum(before[code] != sum(value[code] for value in values) for code in before)
    assert (
        "- departemental : 96 territoires et dates ont un chiffre dans les deux, dont\n"
        f"  {other} une autre valeur ; 96 n'ont plus de chiffre cité, 0 en ont un nouveau."
    ) in changes
    assert "- national : 1 territoires" in changes
    assert "### Chiffres" not in changes and "### Nouv" not in changes, "in words, not cell by cell"
    increments = (third.path / "acv-logements-increments-departemental.csv").read_text("utf-8")
    assert increments.count(",published,") == 2 * 96, "the other series stays where all series are"


def test_a_release_of_an_older_layout_is_no_obstacle(
    small: Released, contract: Contract, tmp_path: Path
) -> None:
    """A column that was named otherwise: said, and the other files are compared as ever."""
    folder = tmp_path / "releases"
    old = folder / "2020-01-01"
    shutil.copytree(small.folder, old)
    (old / SUMS).unlink()
    path = old / "acv-logements-regional.csv"
    path.chmod(0o644)
    header, rows = path.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(header.replace("valeur,", "cumul,", 1) + "\n" + rows, encoding="utf-8")
    path = old / "acv-logements-national.csv"
    path.chmod(0o644)
    text = path.read_text(encoding="utf-8")
    (value,) = small.connection.execute(
        "select valeur from read_csv(?) where date = '2020-02-29'", [str(path)]
    ).fetchall()[0]
    assert f",2020-02-29,{value}," in text
    path.write_text(text.replace(f",2020-02-29,{value},", ",2020-02-29,7,"), encoding="utf-8")
    made = make_release(small.connection, contract, folder, today=TODAY)
    assert made is not None and made.is_new
    changes = (made.path / "CHANGES.md").read_text(encoding="utf-8")
    section = changes.split("## Colonnes changées")[1].split("\n## ")[0]
    assert "- `acv-logements-regional.csv`" in section and section.count("- `") == 1
    assert "| regional |" not in changes
    assert f"| national | national | 2020-02-29 | 7 | {value} | {value - 7:+d} |" in changes


def test_a_source_that_left_the_contract_is_still_named(
    small: Released, contract: Contract, tmp_path: Path
) -> None:
    """Revisions cite its deliveries: each reference leads somewhere."""
    with pytest.raises(_Undone), transaction(small.connection):
        small.connection.execute("delete from contract.sources where source = 'barometre'")
        made = make_release(small.connection, contract, tmp_path / "releases", today=TODAY)
        assert made is not None
        read = {
            name: small.connection.execute(
                f"from read_csv('{made.path}/{name}.csv', all_varchar = true)"
            ).df()
            for name in ("revisions", "livraisons")
        }
        raise _Undone
    cited = read["revisions"].query("source == 'barometre'")
    assert len(cited) > 0
    known = read["livraisons"].set_index("livraison")
    assert set(cited["ancienne_livraison"]) <= set(known.index)
    theirs = known[known["source"] == "barometre"]
    assert set(theirs["libelle_source"]) == {"barometre"}


class _Undone(Exception):  # noqa: N818  # no error: it takes a transaction back
    """The test has seen enough."""


def test_an_error_in_the_middle_leaves_what_stood(
    small: Released, contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "releases"
    shutil.copytree(small.folder, folder / "2020-01-01")
    (folder / "2020-01-01" / SUMS).unlink()  # so that there is something to release
    before = contents(folder)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for step in ("write_csv", "put_in_place"):
        with monkeypatch.context() as patch:
            patch.setattr(making, step, fail)
            with pytest.raises(ReleaseError, match=r"cannot write .* No space left on device"):
                make_release(small.connection, contract, folder, today=TODAY)
        assert contents(folder) == before
        assert [path.name for path in folder.iterdir()] == ["2020-01-01"]
    after = make_release(small.connection, contract, folder, today=TODAY)
    assert after is not None and after.is_new


def test_a_kill_in_the_middle_leaves_what_stood(
    small: Released, contract: Contract, tmp_path: Path
) -> None:
    """Killed when nearly all is written; the next release clears what is left."""
    folder = tmp_path / "releases"
    shutil.copytree(small.folder, folder / "2020-01-01")
    (folder / "2020-01-01" / SUMS).unlink()
    copy = tmp_path / "copy.duckdb"
    small.connection.execute(f"attach '{copy}' as copied")
    small.connection.execute("copy from database warehouse to copied")
    small.connection.execute("detach copied")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(copy), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    (left,) = (path for path in folder.iterdir() if path.name != "2020-01-01")
    assert left.name.startswith(".") and (left / "README.md").exists()
    assert latest_release(folder) == folder / "2020-01-01"
    made = make_release(small.connection, contract, folder, today=TODAY)
    assert made is not None and made.is_new
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["2020-01-01", "2021-01-15", "latest"]


KILLED = """
import datetime as dt, os, signal, sys
from pathlib import Path
import duckdb
from acv_pipeline.contract import load_contract
from acv_pipeline.publishing.release import make_release, release
release.put_in_place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
connection = duckdb.connect(sys.argv[1], read_only=True)
make_release(connection, load_contract(), Path(sys.argv[2]), today=dt.date(2021, 1, 15))
"""


def test_two_at_once_make_one_release(small: Released, contract: Contract, tmp_path: Path) -> None:
    """Two runs that end together: the second waits, and finds the release standing."""

    def make() -> Release | None:
        with small.connection.cursor() as own:
            return make_release(own, contract, tmp_path / "releases", today=TODAY)

    with ThreadPoolExecutor(2) as pool:
        made = [future.result() for future in [pool.submit(make), pool.submit(make)]]
    assert sorted(release.is_new for release in made if release) == [False, True]
    assert sorted(path.name for path in (tmp_path / "releases").iterdir()) == [
        "2021-01-15",
        "latest",
    ]


def test_rows_that_break_their_promise_make_no_release(
    small: Released, contract: Contract, tmp_path: Path
) -> None:
    """A missing name, a figure twice: the file and the column are named."""
    nameless = "update reference.regions set region_name = null where region_code = '84'"
    mart = "marts.monthly_increments"
    twice = f"insert into {mart} from {mart} where department_code = '01'"
    for damage, named in [(nameless, "libelle_region"), (twice, "duplicate key")]:
        with (
            pytest.raises(ReleaseError, match=rf"acv-logements-\w+\.csv is not .*{named}"),
            transaction(small.connection),
        ):
            small.connection.execute(damage)
            make_release(small.connection, contract, tmp_path / "releases", today=TODAY)
        assert latest_release(tmp_path / "releases") is None
    rows = small.connection.execute(f"select count(*) from {mart}").fetchall()
    PROJECT.build(small.connection)
    assert small.connection.execute(f"select count(*) from {mart}").fetchall() == rows


def test_a_place_that_cannot_be_written_is_a_clear_error(
    small: Released, contract: Contract, tmp_path: Path
) -> None:
    (tmp_path / "releases").write_text("not a folder")
    with pytest.raises(
        ReleaseError, match=r"cannot write a release to .*: (File exists|Not a dir)"
    ):
        make_release(small.connection, contract, tmp_path / "releases", today=TODAY)

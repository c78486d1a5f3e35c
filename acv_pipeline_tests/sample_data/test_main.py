"""The command writes the set and says so."""

from pathlib import Path

from click.testing import CliRunner

from acv_pipeline.sample_data.__main__ import main


def test_the_command_writes_the_good_set(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(tmp_path / "landing")])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("150 synthetic files, 2018-10-13 to 2023-01-")
    assert sum(path.is_file() for path in (tmp_path / "landing").rglob("*.csv")) > 150


def test_the_bad_month_and_its_correction_are_added_to_the_demo_set(tmp_path: Path) -> None:
    folder = str(tmp_path)
    first = CliRunner().invoke(main, [folder, "--bad"])
    assert "bad delivery: " in first.output
    assert (tmp_path / "action_logement" / "2023-01-21").is_dir()
    then = CliRunner().invoke(main, [folder, "--bad", "--corrected"])
    assert then.exit_code == 0
    assert "corrected delivery: " in then.output
    assert (tmp_path / "action_logement" / "2023-01-25").is_dir()


def test_a_folder_with_other_files_gives_one_line_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("mine")
    result = CliRunner().invoke(main, [str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "choose an empty folder" in result.output
    assert len(result.output.splitlines()) == 1

"""``acv calibrate`` as a user meets it, and what ``acv status`` says later."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from acv_pipeline.cli import calibrating
from acv_pipeline.cli.main import main
from acv_pipeline.contract import load_contract
from acv_pipeline.contract.loading import CONTRACT_FILE
from acv_pipeline.contract.months import shift
from acv_pipeline.sample_data.other_habits import CAMPAIGNS, REVISED, write_releases
from acv_pipeline_tests.deliveries import ACV, REAL_DATA, WHY_NO_REAL_DATA, deliver
from acv_pipeline_tests.test_cli import Acv


def calibrate(*arguments: object) -> Result:
    result = CliRunner().invoke(main, ["calibrate", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first eight releases, which are without an error."""
    where = tmp_path_factory.mktemp("releases")
    write_releases(where, load_contract())
    for later in sorted((where / "releases").iterdir())[8:]:
        shutil.rmtree(later)
    return where / "releases"


@pytest.fixture
def contract_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "contract.yml"
    shutil.copy(CONTRACT_FILE, path)
    monkeypatch.setenv("ACV_CONTRACT", str(path))
    return path


def test_it_says_what_it_learned_and_what_to_expect_and_writes_nothing(
    releases: Path, contract_file: Path
) -> None:
    result = calibrate(REVISED, releases)
    assert result.exit_code == 0, result.output
    assert "dossiers-fictifs: 24 months, 2019-01 to 2020-12, in 8 deliveries" in result.output
    assert (
        "panel: 96 départements always, 0 once they joined, 2 sometimes, 3 never" in result.output
    )
    assert "large_revision: routine_cell_share = " in result.output
    assert "7 of 8 past deliveries revised earlier months" in result.output
    assert "good months held" in result.output and "held: the file is cut" in result.output
    assert contract_file.read_bytes() == CONTRACT_FILE.read_bytes()


def test_written_it_is_an_entry_of_the_contract_and_the_rest_is_untouched(
    releases: Path, contract_file: Path
) -> None:
    result = calibrate(CAMPAIGNS, releases, "--write")
    assert result.exit_code == 0, result.output
    assert "+  primes-fictives:" in result.output
    before, after = (path.read_text(encoding="utf-8") for path in (CONTRACT_FILE, contract_file))
    assert set(before.splitlines()) <= set(after.splitlines())
    contract = load_contract()
    entry = contract.indicators[CAMPAIGNS]
    assert f"{entry.first_month:%Y-%m}" == "2019-01"
    assert entry.unit.fr == "dossiers" and len(entry.panel_joins) > 20
    assert CAMPAIGNS in [part.indicator for part in contract.sources["barometre"].contributes]
    assert "good months held" in after and "# all figures × 10: " in after
    again = calibrate(CAMPAIGNS, releases, "--write")
    assert "The contract says so already." in again.output
    assert contract_file.read_text(encoding="utf-8") == after


def test_what_people_wrote_into_an_entry_stays(releases: Path, contract_file: Path) -> None:
    calibrate(REVISED, releases, "--write")
    text = contract_file.read_text(encoding="utf-8")
    text = text.replace(f'short_name: "{REVISED}"', 'short_name: "DF"   # as people say')
    by_hand = """      most_departments_unchanged:
        min_earlier_paces:
          value: 5
          why: "Somebody thought about it, and history can't teach it."
"""
    at = text.index("      large_revision:", text.index(f"  {REVISED}:"))
    text = text[:at] + by_hand + text[at:]
    value = "routine_months:\n          value: "
    changed = text.replace(value, f"{value}9")
    assert changed != text
    contract_file.write_text(changed, encoding="utf-8")
    result = calibrate("DF", releases, "--write")
    assert result.exit_code == 0, result.output
    assert contract_file.read_text(encoding="utf-8") == text


def test_a_contract_that_could_not_be_read_is_not_written(
    releases: Path, contract_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contract_file.read_text(encoding="utf-8")
    monkeypatch.setattr(calibrating, "contract_with", lambda *_: "sources: [")
    result = calibrate(REVISED, releases, "--write")
    assert result.exit_code == 2 and "is not valid YAML" in result.output
    assert contract_file.read_text(encoding="utf-8") == before


def test_without_a_contract_of_ones_own_nothing_is_written(
    releases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACV_CONTRACT", raising=False)
    result = calibrate(REVISED, releases, "--write")
    assert result.exit_code == 2 and "export ACV_CONTRACT" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing-of-this-name", "{releases}"], "delivered no figure of nothing-of-this-name"),
        ([REVISED, "{releases}", "--source", "nobody"], "unknown source 'nobody'"),
        ([REVISED, "{releases}/nowhere"], "is not a folder"),
    ],
)
def test_wrong_use_is_told_in_a_line(releases: Path, arguments: list[str], message: str) -> None:
    result = calibrate(*[text.format(releases=releases) for text in arguments])
    assert result.exit_code == 2
    assert message in result.output and result.output.count("\n") == 1


def test_what_is_wrong_is_told_in_french(releases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACV_LANGUAGE", "fr")
    said = calibrate(REVISED, releases, "--source", "anha").output
    assert "partenaire\u00a0: 'anha' n'existe pas\u00a0; anah\u00a0? Sont connus anah" in said
    said = calibrate(REVISED, releases / "nowhere").output
    assert "n'est pas un dossier\u00a0: attendu des dossiers datés" in said


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason=WHY_NO_REAL_DATA)
@pytest.mark.parametrize("share", ["taux-deploiement-fibre", "tx-transparence-resultats"])
def test_a_real_share_is_refused(share: str) -> None:
    result = calibrate(share, REAL_DATA / "barometre")
    assert result.exit_code == 1 and "is refused: its unit is “%" in result.output


def _months(acv: Acv, steps: list[float]) -> None:
    """A month each, every département at its own pace times the month's step."""
    contract = load_contract()
    first = contract.first_month
    level = np.zeros(96)
    for n, step in enumerate(steps):
        level = level + np.round(step * (5 + np.arange(96) % 17))
        month = shift(first, n)
        figures = dict(zip(contract.panel(ACV), map(int, level), strict=True))
        received = shift(month, 1).replace(day=12).isoformat()
        deliver(acv.landing, "anah", received, {f"{month:%Y-%m}": figures})


def test_a_home_is_a_past_too_and_status_says_when_history_suggests_more(
    tmp_path: Path, landing: Path, contract_file: Path
) -> None:
    acv = Acv(tmp_path / "home", landing)
    _months(acv, [1.0, 1.1, 0.9, 1.2, 1.0, 0.9, 1.1, 1.0, 1.0, 3.5, 1.0, 1.1])
    assert acv.run().exit_code == 1
    (held,) = acv.query(
        "select delivery_id, strftime(month, '%Y-%m') from validated.held_months"
        " where status = 'held' order by month limit 1"
    )
    assert "~ " not in acv("status").output
    signed = acv(
        "signoff", str(held[0]), ACV, str(held[1]), "--reason", "a campaign", "--by", "the head"
    )
    assert signed.exit_code == 0, signed.output
    acv.run()
    told = acv("status").output
    assert f"~ {ACV}: national_pace_jumps max_ratio_to_fastest is 1.5, history suggests" in told
    far = json.loads(acv("status", "--json").output)["far"]
    assert [entry["threshold"] for entry in far] == ["max_ratio_to_fastest"]
    result = acv("calibrate", ACV, "--source", "anah", "--write")
    assert result.exit_code == 0, result.output
    assert "12 months, 2018-09 to 2019-08" in result.output
    assert load_contract().indicators[ACV].limits("national_pace_jumps")["max_ratio_to_fastest"] > 4
    assert "~ " not in acv("status").output


def test_a_run_publishes_what_was_calibrated(
    releases: Path, contract_file: Path, tmp_path: Path, landing: Path
) -> None:
    """Also totals of regions of which no département is expected: overseas ones that may join."""
    for indicator in (CAMPAIGNS, REVISED):
        assert calibrate(indicator, releases, "--write").exit_code == 0
    (landing / "barometre").symlink_to(releases, target_is_directory=True)
    acv = Acv(tmp_path / "home", landing)
    done = acv.run()
    assert "failed" not in done.output and "open data release" in done.output
    months = dict(
        acv.query(
            "select indicator_id, count(distinct month) from marts.territory_totals"
            " where level = 'national' and is_complete group by all"
        )
    )
    assert months == {CAMPAIGNS: 24, REVISED: 24}

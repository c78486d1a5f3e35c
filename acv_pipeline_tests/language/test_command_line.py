"""The command line in French: as a person with a French locale meets it, with no English left."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import click
import dagster as dg
import pytest
from click.testing import CliRunner

from acv_pipeline.cli.main import COMMANDS, main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures

# what a command's help says is decided when its module is imported: for the other tests, in English
for _module, _summary in COMMANDS.values():
    import_module(f"acv_pipeline.cli.{_module}")

ACV = [str(Path(sys.executable).with_name("acv"))]
MONTHS = ["2018-09", "2018-10", "2018-11"]
# words that French doesn't have
ENGLISH = re.compile(
    r"\b(the|of|is|are|was|were|and|by|from|to|not|no|in|with|for|has|have|it|if|this|that|be|or"
    r"|at|what|which|received|row|rows|month|months|held|delivery|figure|figures)\b",
    re.IGNORECASE,
)
# as they are in any language: options, quoted words, file names, what stands after =
AS_THEY_ARE = re.compile(
    r"--[a-z-]+|“[^”]*”|«[^»]*»|‹[^›]*›|(?<!\w)'[^']*'|\S+\.(csv|xlsx|yml|html|duckdb)\b|/\S+|\$\w+"
)


def english(text: str) -> list[str]:
    """The lines in which English is left."""
    return [line for line in text.splitlines() if ENGLISH.search(AS_THEY_ARE.sub("", line))]


def environment(**language: str) -> Mapping[str, str]:
    names = ("ACV_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    return {name: v for name, v in os.environ.items() if name not in names} | language


FRENCH = environment(LANG="fr_FR.UTF-8")


def typed(*arguments: str, env: Mapping[str, str] = FRENCH) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, where the language is that of its environment."""
    return subprocess.run([*ACV, *arguments], env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Home:
    """Received in French: a held month, one that is late since, quarantined rows, a refusal."""
    landing, home = tmp_path_factory.mktemp("landing"), Home(tmp_path_factory.mktemp("home"))
    deliver_trajectory(landing, contract, "anah", MONTHS)
    deliver_trajectory(landing, contract, "action_logement", MONTHS[:2])
    november = steady_figures(contract, month_of("2018-11"), source="action_logement")
    del november["62"]
    deliver(landing, "action_logement", "2018-12-10", {"2018-11": november}, name="nov.csv")
    december: dict[str, int | str] = dict(steady_figures(contract, month_of("2018-12")))
    december["01"] = "environ cent"
    deliver(landing, "anah", "2019-01-10", {"2018-12": december}, name="dec.csv")
    nothing = landing / "anah" / "2019-02-10" / "jan.csv"
    nothing.parent.mkdir()
    nothing.write_text("bonjour\n", encoding="utf-8")
    done = typed("run", "--landing", str(landing), "--home", str(home.root))
    assert done.returncode == 1, done.stderr
    (home.root / "said.txt").write_text(done.stdout, encoding="utf-8")
    return home


def shown(monkeypatch: pytest.MonkeyPatch, *arguments: str, code: int) -> str:
    """What a command prints in French, in this process."""
    monkeypatch.setenv("ACV_LANGUAGE", "fr")
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == code, done.output
    return done.output


def test_a_run_tells_in_french_what_came(home: Home) -> None:
    said = (home.root / "said.txt").read_text(encoding="utf-8")
    assert "Zone de dépôt\u00a0: 8 nouvelles livraisons." in said
    assert "  ✓ Anah, ACV\u00a0: 4 mois acceptés (2018-09 à 2018-12)" in said
    assert (
        "✗ RETENU nb-logement-accompagnement 2018-11 (partenaire action_logement, nov.csv" in said
    )
    assert "le mois n'a aucun chiffre de ce partenaire" in said
    assert "jan.csv refusé\u00a0: " in said
    assert english(said) == []


def test_the_run_on_dagsters_record_says_what_is_held(home: Home) -> None:
    with open_instance(home) as dagster:
        failed = dagster.get_run_ids(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        said = [
            entry.dagster_event.step_failure_data.user_failure_data.description
            for run in failed
            for entry in dagster.all_logs(run, of_type=dg.DagsterEventType.STEP_FAILURE)
        ]
    (why,) = said
    assert why.startswith(
        "des mois sont retenus, tout le reste est enregistré\u00a0: Action Logement, ACV 2018-11"
    )
    assert "Si les chiffres sont justes\u00a0: acv signoff" in why and english(why) == []


def test_status(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    said = shown(monkeypatch, "status", "--home", str(home.root), code=1)
    assert "si les chiffres sont justes\u00a0: acv signoff" in said
    assert "! EN RETARD action_logement\u00a0: 2018-12 à " in said
    rows = "  ! 1 ligne du fichier dec.csv (anah, reçu le 2019-01-10) en quarantaine\u00a0: "
    assert f"{rows}«\u00a0environ cent\u00a0» n'est pas un nombre compréhensible" in said
    assert "par exemple ligne 2\u00a0: 01 | 2018-12-31 | environ cent" in said
    assert "✗ REFUSÉ jan.csv (partenaire anah), reçu le 2019-02-10\u00a0: " in said
    assert "s'adresser à\u00a0: " in said
    assert english(said) == []


def test_explain(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ("--home", str(home.root))
    known = shown(monkeypatch, "explain", "59", "2018-10", *place, code=0)
    assert "Nord (59), ACV, 2018-10, série total" in known
    assert "logements depuis le début" in known and "règles sur" in known
    held = shown(monkeypatch, "explain", "59", "2018-11", *place, code=1)
    assert "Retenu en ce moment" in held and "aucun chiffre n'est en vigueur" in held
    quarantined = shown(monkeypatch, "explain", "01", "2018-12", "--series", "anah", *place, code=1)
    assert "Anah\u00a0: sa ligne est en quarantaine\u00a0: «\u00a0environ" in quarantined
    late = shown(
        monkeypatch, "explain", "01", "2018-12", "--series", "action_logement", *place, code=1
    )
    assert "Action Logement n'a rien livré pour 2018-12" in late
    assert [line for text in (known, held, quarantined, late) for line in english(text)] == []


def test_quarantine(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = ("--home", str(home.root))
    listed = shown(monkeypatch, "quarantine", *place, code=0)
    assert "dec.csv, reçu le 2019-01-10" in listed
    assert "1 ligne en quarantaine\u00a0; --export FICHIER l'écrit dans un tableur." in listed
    sheet = tmp_path / "lignes.csv"
    written = shown(monkeypatch, "quarantine", "--export", str(sheet), *place, code=0)
    assert written == f"{sheet}\u00a0: 1 ligne en quarantaine.\n"
    assert english(listed + written) == []


def test_replay(home: Home, contract: Contract, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    deliver_trajectory(tmp_path, contract, "anah", MONTHS[:1])
    fallen = steady_figures(contract, month_of(MONTHS[1])) | {"59": 1}
    deliver(tmp_path, "anah", "2018-11-10", {MONTHS[1]: fallen})
    said = shown(monkeypatch, "replay", str(tmp_path), "--source", "anah", code=0)
    assert "ACV acceptés\u00a0: 2018-09" in said
    assert english(said) == []


def test_signing_off(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last test of this home: November is in force then."""
    place, why = ("--home", str(home.root)), ("--reason", "vérifié", "--by", "cheffe de bureau")
    wrong = shown(monkeypatch, "signoff", "0000", "ACV", "2018-11", *why, *place, code=2)
    (command,) = re.findall(r"acv signoff (\w+) ", shown(monkeypatch, "status", *place, code=1))
    done = shown(monkeypatch, "signoff", command, "ACV", "2018-11", *why, *place, code=0)
    assert done.startswith("Débloqué\u00a0: nb-logement-accompagnement 2018-11 de la livraison ")
    assert english(wrong + done) == []


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help(command: tuple[str, ...]) -> None:
    said = typed(*command, "--help")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("Utilisation\u00a0: acv ")
    assert "Afficher cette aide." in said.stdout
    assert english(said.stdout) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nope"], "La commande 'nope' n'existe pas."),
        (["status", "--hom"], "L'option '--hom' n'existe pas. Vouliez-vous dire '--home'"),
        (["signoff", "abc", "ACV"], "Argument manquant 'MOIS'."),
        (["signoff", "abc", "ACV", "2020-01"], "Option manquante '--reason'."),
        (["explain", "59", "janvier"], "'janvier' n'est pas un mois"),
        (["run", "--months", "2020-03:2020-01"], "le premier mois vient après le dernier"),
        (["run", "trop"], "Argument en trop (trop)"),
        (["restore", "nulle_part.tar"], "nulle_part.tar n'existe pas"),
        (["backup", "x.tar", "--home", "vide"], "ne contient aucun entrepôt"),
        (["status", "--home", "vide"], "acv run --home"),
        (["replay", "vide", "--source", "anha"], "anah"),
    ],
)
def test_wrong_use(arguments: list[str], expected: str, tmp_path: Path) -> None:
    said = subprocess.run(
        [*ACV, *arguments],
        env=FRENCH,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert said.returncode == 2
    assert expected in said.stderr.replace("\n", " ")
    assert said.stdout == "" and english(said.stderr) == []


def test_what_is_set_counts_more_than_the_locale() -> None:
    asked = typed("--help", env=environment(LANG="fr_FR.UTF-8", ACV_LANGUAGE="en"))
    assert asked.stdout.startswith("Usage: acv ") and "Show this message" in asked.stdout
    asked = typed("--help", env=environment(LANG="en_GB.UTF-8", ACV_LANGUAGE="fr"))
    assert asked.stdout.startswith("Utilisation\u00a0: ") and english(asked.stdout) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_without_help(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []

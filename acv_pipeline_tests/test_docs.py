"""What the documentation says is so: lists, commands, links, example output."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from acv_pipeline.cli.main import COMMANDS, main
from acv_pipeline_tests.readme import HEADINGS, IN_FRENCH, README, with_listing

ROOT = README.parent
PAGES = [*HEADINGS, *sorted((ROOT / "docs").rglob("*.md")), ROOT / "CHANGELOG.md"]


READMES = pytest.mark.parametrize("readme", HEADINGS, ids=lambda page: page.name)


@READMES
def test_the_readme_lists_every_asset_and_check(readme: Path) -> None:
    """To renew the list: ``python -m acv_pipeline_tests.readme``."""
    assert with_listing(readme) == readme.read_text(encoding="utf-8")


@READMES
def test_every_command_is_documented_and_every_documented_one_exists(readme: Path) -> None:
    text = readme.read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `acv ([a-z-]+)", text, re.MULTILINE))
    assert documented == set(COMMANDS)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", page.read_text(), re.MULTILINE):
            assert set(target) & targets, f"{page.name}: make {target}"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_begins_with(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command and command.help
    assert " ".join(command.help.split()).startswith(COMMANDS[name][1])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_in_commands_exist(page: Path) -> None:
    for name, rest in re.findall(r"^acv ([a-z-]+)(.*)$", page.read_text(), re.MULTILINE):
        command = main.get_command(click.Context(main), name)
        assert command, name
        options = {option for param in command.params for option in param.opts}
        for option in re.findall(r"(?<!\S)(--[a-z-]+)", rest.split("#")[0]):
            assert option in options, f"acv {name} {option}"


def test_the_readmes_have_the_same_commands_sections_and_links() -> None:
    english, french = (readme.read_text(encoding="utf-8") for readme in HEADINGS)
    for same in (r"^## ", r"^\| `(?:acv|make) [^|]*", r"^(?:acv run|acv status|make [a-z]+)\b"):
        assert len(re.findall(same, english, re.MULTILINE)) > 2
        found = [re.findall(same, text, re.MULTILINE) for text in (english, french)]
        assert found[0] == found[1]
    linked = [set(re.findall(r"\]\((docs/[^)]+)\)", text)) for text in (english, french)]
    assert linked[0] == linked[1]
    assert "](README.fr.md)" in english and "](README.md)" in french


def demo_of(readme: Path) -> tuple[str, list[str]]:
    """The last month of the demo that a README shows, and the lines it shows."""
    found = re.search(
        r"<!-- demo (.+?) -->\n```\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None
    return found[1], found[2].splitlines()


def demo_twice(home: Path, last: str, language: str) -> tuple[str, str]:
    """What the real demo says, and what it says when it is run again: that it is quick."""
    command = [sys.executable, "-m", "acv_pipeline.cli.demo", "--home", home, "--last", last]
    environment = os.environ | {"ACV_LANGUAGE": language}
    first, second = (
        subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        for _ in range(2)
    )
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    return first.stdout, second.stdout


def test_the_demo_ends_as_the_readme_says(tmp_path: Path) -> None:
    last, shown = demo_of(README)
    first, second = demo_twice(tmp_path / "home", last, "en")
    for line in shown:
        assert line in first, line
    assert "Nothing to do: no new figures, nothing changed." in second


def test_the_french_readme_says_the_same(tmp_path: Path) -> None:
    """Its numbers are those of the other one; its words those of a demo of fewer years."""
    (last, shown), english = demo_of(IN_FRENCH), demo_of(README)
    assert last == english[0]
    assert [numbers(line) for line in shown] == [numbers(line) for line in english[1]]
    first, second = demo_twice(tmp_path / "home", f"2021-{last[-2:]}", "fr")
    said = [without_numbers(line) for line in first.splitlines()]
    for line in shown:
        assert without_numbers(line) in said, line
    assert "Rien à faire\u00a0: aucun nouveau chiffre, rien n'a changé." in second


NUMBER = re.compile(r"\d{1,3}(?:[,\s]\d{3})+|\d+")


def without_numbers(line: str) -> str:
    return re.sub(" +N", " N", NUMBER.sub("N", line))  # they are aligned


def numbers(line: str) -> list[str]:
    return [re.sub(r"\D", "", number) for number in NUMBER.findall(line)]

"""Mails as people get them: in their language, in threads, with what a partner can be sent."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sqlite3
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import duckdb
import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from acv_pipeline.assets.ui import ui_address
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.gate.rules import RULES_BY_NAME
from acv_pipeline.language import in_language
from acv_pipeline.operations.alerts import deliver, send_digest
from acv_pipeline.operations.alerts.channels import SETTING, SendError, configured
from acv_pipeline.operations.alerts.letter import for_partner
from acv_pipeline.operations.alerts.messages import MERGE_ABOVE, Message
from acv_pipeline.operations.alerts.outbox import FILE, open_outbox
from acv_pipeline.operations.status import status
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests import deliveries, warehouses
from acv_pipeline_tests.alerts.receivers import Mailbox, Webhook
from acv_pipeline_tests.alerts.test_outbox import START, fact, send
from acv_pipeline_tests.alerts.world import show

NOW = dt.datetime(2021, 6, 14, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOSTILE = "ACV_AL_2021-05 <b>x<img src=. onerror=alert(1)>.csv"
EVERYTHING = {"c": lambda _: True}


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Path:
    """A published copy: a month held, of a file with an evil name and a row in quarantine."""
    folder = tmp_path_factory.mktemp("mails")
    home, landing = Home(folder / "home"), folder / "landing"
    for source in ("anah", "action_logement"):
        deliveries.deliver_trajectory(
            landing, contract, source, ["2021-01", "2021-02", "2021-03", "2021-04"]
        )
    right = deliveries.steady_figures(contract, month_of("2021-05"), source="action_logement")
    wrong: dict[str, int | str] = {code: value * 10 for code, value in right.items()}
    wrong["59"] = "12 ou 13"
    deliveries.deliver(landing, "action_logement", "2021-06-11", {"2021-05": wrong}, name=HOSTILE)
    pipeline = Pipeline.configured(home, landing)
    months, _ = pipeline.receive_due()
    warehouses.run(pipeline, months, checks=pipeline.checks())
    return home.published


@pytest.fixture
def held(
    bad: Path, home: Home, contract: Contract, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> EmailMessage:
    return _held(bad, home, contract, mailbox, monkeypatch)


def _held(
    bad: Path, home: Home, contract: Contract, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> EmailMessage:
    monkeypatch.setenv(SETTING, mailbox.url)
    show(home, bad)
    deliver(home, contract, NOW, links_base="http://127.0.0.1:3001")
    (mail,) = (m for m in mailbox.mails if "Err" in str(m["Subject"]))
    return mail


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_what_is_wrong_with_a_month_can_be_sent_to_the_partner_as_it_is(
    held: EmailMessage, contract: Contract
) -> None:
    for part in (body(held, "plain"), body(held, "html")):
        assert "To be forwarded to the data unit of Action Logement Services" in part
        letter = part.partition("To be forwarded to")[2]
        assert "Objet\u00a0: Action cœur de ville, mai 2021\u00a0: chiffres à vérifier" in letter
        assert "reçu le 11 juin 2021, contient des chiffres pour mai 2021" in letter
        assert "Ce que nous vous demandons" in letter
        assert "logements par mois depuis 2021-04" in letter and "dwellings a month" not in letter
        assert "acv signoff" in part and "acv signoff" not in letter
    text = body(held, "plain").partition("Objet")[2]
    rows = [line for line in text.splitlines() if line.startswith("84 Vaucluse ")]
    value = (
        deliveries.steady_figures(contract, month_of("2021-05"), source="action_logement")["84"]
        * 10
    )
    assert f" {value:,} ".replace(",", "\u202f") in rows[0]


def test_the_rows_in_quarantine_go_with_it(held: EmailMessage) -> None:
    _, sheet = held.iter_attachments()
    name = sheet.get_filename()
    assert name and name.startswith("lignes_en_quarantaine_ACV_AL_2021-05") and "<" not in name
    assert name in body(held, "plain")
    (header, row) = openpyxl.load_workbook(io.BytesIO(sheet.get_content())).active.values
    found = dict(zip(header, row, strict=True))
    assert found["fichier / file"] == HOSTILE
    assert found["logements_cumules"] == "12 ou 13"
    assert found["motif"]


def test_the_letter_is_a_mail_of_its_own_with_all_that_goes_with_it(held: EmailMessage) -> None:
    attached, sheet = held.iter_attachments()
    assert attached.get_content_type() == "message/rfc822"
    assert attached.get_filename() == "a_transmettre.eml"
    letter = attached.get_content()
    assert letter["Subject"] == "Action cœur de ville, mai 2021\u00a0: chiffres à vérifier"
    assert letter["To"] is letter["From"] is None
    text = body(letter, "plain")
    assert text.startswith("À l'attention de\u00a0: ") and text in body(held, "plain")
    assert '<html lang="fr">' in body(letter, "html")
    for part in (text, body(letter, "html")):
        assert "signoff" not in part and "http" not in part and "forwarded" not in part
    (rows,) = letter.iter_attachments()
    assert rows.get_filename() == sheet.get_filename()
    assert rows.get_content() == sheet.get_content()


def test_chats_get_neither_letter_nor_file(
    bad: Path, home: Home, contract: Contract, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, f"error={webhook.url}")
    show(home, bad)
    deliver(home, contract, NOW)
    (post,) = (post for post in webhook.posts if "held back" in post["title"])
    assert "acv signoff" in post["message"] and "Objet" not in post["message"]
    assert not post.get("attachments")


def test_the_name_of_a_file_is_no_html(held: EmailMessage, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.set_content(body(held, "html"))
    assert page.locator("img, b").count() == 0
    assert HOSTILE in page.locator("main").inner_text()
    assert asked == []
    page.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_mail_can_be_read_on_a_telephone_and_by_everybody(
    bad: Path,
    home: Home,
    contract: Contract,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    browser: Browser,
    language: str,
) -> None:
    monkeypatch.setenv("ACV_LANGUAGE", language)
    _held(bad, home, contract, mailbox, monkeypatch)
    send_digest(home, contract, month_of("2021-04"), NOW, "http://127.0.0.1:3001")
    assert len(mailbox.mails) > 1
    pages = [(body(mail, "html"), language) for mail in mailbox.mails]
    letters = [part for mail in mailbox.mails for part in mail.iter_attachments()]
    pages.append((body(letters[0].get_content(), "html"), "fr"))
    for html, expected in pages:
        for width in (390, 1000):
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.set_content(html)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate("document.documentElement.lang") == expected
            found = Axe().run(page, options={"resultTypes": ["violations"]})
            assert [v["id"] for v in found.response["violations"]] == []
            page.close()


def test_in_french_everything_is_french(
    bad: Path,
    home: Home,
    contract: Contract,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACV_LANGUAGE", "fr")
    mail = _held(bad, home, contract, mailbox, monkeypatch)
    assert mail["Subject"] == (
        "[Chiffres ACV] Erreur\u00a0: Action Logement (Action cœur de ville), mai 2021\u00a0: "
        "chiffres retenus"
    )
    text = body(mail, "plain")
    for words in ("Ce qui ne va pas", "À qui demander", "Que faire", "Où regarder", "précédent"):
        assert words in text
    for words in ("The ", " dwellings", "Ask ", "Probable", "previous", "the data unit"):
        assert words not in text
    send_digest(home, contract, month_of("2021-04"), NOW)
    digest = mailbox.mails[-1]
    assert "avril 2021\u00a0: " in digest["Subject"]
    assert "logements accompagnés (+" in digest["Subject"]
    for words in ("What", "Nothing", "rows", "dwellings", "Rank"):
        assert words not in body(digest, "plain")


def test_synthetic_figures_are_called_so_before_anything_else(
    bad: Path, home: Home, contract: Contract, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, mailbox.url)
    for source, words in (("anah", "Partly synthetic"), ("%", "Synthetic figures: all files")):
        show(home, bad)
        with duckdb.connect(str(home.published)) as connection:
            connection.execute(
                "update raw.deliveries set file_name = ? || file_name where source like ?",
                [f"{FILE_MARK}_", source],
            )
        (home.root / FILE).unlink(missing_ok=True)
        mailbox.mails.clear()
        deliver(home, contract, NOW)
        send_digest(home, contract, month_of("2021-04"), NOW)
        assert len(mailbox.mails) > 1
        for mail in mailbox.mails:
            assert str(mail["Subject"]).startswith("[ACV figures, synthetic] ")
            assert body(mail, "plain").startswith(words)
            assert words in body(mail, "html").partition("<h1")[0]
    (held,) = (mail for mail in mailbox.mails if "held back" in str(mail["Subject"]))
    assert "ne pas transmettre" in body(held, "plain")


def test_real_figures_are_not_called_synthetic(held: EmailMessage) -> None:
    assert "ynthetic" not in held.as_string() and "SYNTH" not in body(held, "plain")


def test_what_was_told_together_or_apart_is_answered_where_it_was_told(tmp_path: Path) -> None:
    """A merged message begins a thread, and one that ends several matters answers each of them."""
    many = [fact(f"matter {number}") for number in range(MERGE_ABOVE + 1)]
    with open_outbox(tmp_path) as outbox:
        assert outbox is not None

        def told(facts: list[object], hour: int) -> list[Message]:
            now = START + dt.timedelta(hours=hour)
            outbox.sync(facts, EVERYTHING, now)  # type: ignore[arg-type]
            return send(outbox, now)

        (merged,) = told(many, 0)
        assert merged.replies_to == []
        (over,) = told([*many[1:]], 1)
        assert over.replies_to == [merged.key]
        # news about what was told before stays in its thread
        graver = fact("matter 1", severity="error", version="error")
        (news,) = told([graver, *many[2:]], 2)
        assert news.replies_to == [merged.key]
        (single,) = told([graver, *many[2:], fact("another")], 3)
        assert single.replies_to == []
        (all_over,) = told([], 4)
        assert all_over.replies_to == sorted([merged.key, single.key])


def test_an_outbox_of_an_earlier_version_keeps_its_threads(tmp_path: Path) -> None:
    with open_outbox(tmp_path) as outbox:
        assert outbox is not None
        outbox.sync([fact("matter a")], EVERYTHING, START)
        send(outbox, START)
    with sqlite3.connect(tmp_path / FILE) as old:
        old.execute("alter table told drop column thread")
        ((text,),) = old.execute("select fact from told").fetchall()
        known = {name: value for name, value in json.loads(text).items() if name != "for_partner"}
        old.execute("update told set fact = ?", [json.dumps(known)])
    with open_outbox(tmp_path) as outbox:
        assert outbox is not None
        outbox.sync([], EVERYTHING, START + dt.timedelta(hours=1))
        (over,) = send(outbox, START + dt.timedelta(hours=1))
    # its mails named no other than this: the beginning of the sha256 of the group
    assert over.replies_to == ["02c785ce5cd62beb"]


def test_an_address_that_asks_for_encryption_is_refused_rather_than_ignored(
    mailbox: Mailbox,
) -> None:
    (channel,) = configured({SETTING: f"{mailbox.url}&pgp=encrypt"})
    with pytest.raises(SendError, match="PGP"):
        channel.send(Message("key", "info", "subject", "text"))
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "http://127.0.0.1:3000"),
        ({"ACV_PORT": "3001"}, "http://127.0.0.1:3001"),
        ({"ACV_PORT": "3001", "ACV_UI_URL": "https://acv.example.org"}, "https://acv.example.org"),
    ],
)
def test_links_begin_where_people_open_the_ui(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], address: str
) -> None:
    for name in ("ACV_PORT", "ACV_UI_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert ui_address() == address


def test_the_letter_tells_nothing_of_another_partners_figures(
    bad: Path, contract: Contract
) -> None:
    """What the rule found is told by its title: the sum gives the other's figure away as well."""
    with read_published(Home(bad.parents[1])) as connection:
        (held,) = status(connection, contract).held
        row = {"territory": "national", "delivered": 150, "expected_low": 117}
        finding = {
            "rule": "partners_counted_twice",
            "summary": "150 is the sum of both",
            "summary_fr": "150 est la somme des deux",
            "evidence": [{**row, "other_partner": 33}],
            "probable_cause": None,
            "blocking": True,
        }
        for_one = for_partner(connection, contract, replace(held, findings=[finding]))
        del finding["evidence"][0]["other_partner"]
        for_all = for_partner(connection, contract, replace(held, findings=[finding]))
    (objection,) = for_one.objections
    title = RULES_BY_NAME["partners_counted_twice"].title
    assert objection.text == f"{in_language('fr', title)}."
    assert objection.rows == () and not re.search(r"150|117|33", repr(objection))
    (objection,) = for_all.objections
    assert "150 est la somme des deux" in objection.text and len(objection.rows) == 1

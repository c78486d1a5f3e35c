"""Alerts that reach a person: real mail, a real webhook, outages, kills, two at once."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.operations.alerts import FailedRun, deliver, send_digest
from acv_pipeline.operations.alerts.channels import SETTING, configured
from acv_pipeline.operations.alerts.deliver import REPORT_SETTING
from acv_pipeline.operations.alerts.mail import KEY_HEADER
from acv_pipeline.operations.failure import Failure
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.receivers import Mailbox, Webhook, free_port
from acv_pipeline_tests.alerts.world import FALL, HELD, UNEXPLAINED, show

NOW = dt.datetime(2021, 8, 14, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
P = "[ACV figures] "
BAD = {f"{P}Error: {HELD}", f"{P}Warning: {FALL}", f"{P}Warning: {UNEXPLAINED}"}
SOLVED = f"{P}Solved: {HELD}"


def _set(monkeypatch: pytest.MonkeyPatch, *urls: str) -> None:
    monkeypatch.setenv(SETTING, "\n".join(urls))


def test_a_bad_month_is_told_once_and_its_correction_once(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    mailbox: Mailbox,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, mailbox.url, webhook.url)
    now = NOW
    seen = []
    for stage in ("good", "good", "bad", "bad", "bad", "corrected", "corrected"):
        show(home, stages[stage])
        seen.append(deliver(home, contract, now := now + MINUTE, links_base="http://dagster:3000"))
    assert [(d.told, d.recovered, d.waiting) for d in seen] == [
        (0, 0, 0), (0, 0, 0), (6, 0, 0), (0, 0, 0), (0, 0, 0), (0, 2, 0), (0, 0, 0),
    ]  # fmt: skip
    for received in (mailbox.subjects, webhook.subjects):
        assert set(received[:3]) == BAD
        assert received[3:] == [SOLVED]
    # the error comes first, keys are the same everywhere, and one matter is one thread
    assert mailbox.subjects[0] == f"{P}Error: {HELD}"
    assert [mail[KEY_HEADER] for mail in mailbox.mails] == [post["key"] for post in webhook.posts]
    assert [h[KEY_HEADER] for h in webhook.headers] == [post["key"] for post in webhook.posts]
    assert len({mail[KEY_HEADER] for mail in mailbox.mails}) == 4
    told, *_, solved = mailbox.mails
    assert solved["In-Reply-To"] == solved["References"] == told["Message-ID"]
    assert told["References"] is None
    plain, rich = told.get_body(("plain",)), told.get_body(("html",))
    assert plain and rich
    body, page = plain.get_content(), rich.get_content()
    link = "http://dagster:3000/assets/validated_dwellings?view=checks"
    assert f'<a href="{link}"' in page
    assert "the data unit of Action Logement Services" in body
    assert "acv signoff" in body and f"--home {home.root}" in body
    assert link in body


def test_a_channel_that_is_down_for_an_hour_loses_nothing_and_does_not_flood(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    mailbox: Mailbox,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _set(monkeypatch, mailbox.url, webhook.url)
    mailbox.stop()
    now = NOW
    # the month goes bad, is corrected, and goes bad again while nobody takes mail
    for minute in range(0, 60, 5):
        stage = "good" if minute < 5 else "corrected" if 30 <= minute < 40 else "bad"
        show(home, stages[stage])
        done = deliver(home, contract, now := now + 5 * MINUTE)
    assert done.waiting == 3
    assert Counter(webhook.subjects) == Counter(
        {f"{P}Error: {HELD}": 2, f"{P}Warning: {FALL}": 1, f"{P}Warning: {UNEXPLAINED}": 1,
         SOLVED: 1}
    )  # fmt: skip
    assert len([r for r in caplog.records if "does not work" in r.getMessage()]) == 1
    mailbox.start()
    done = deliver(home, contract, now := now + MINUTE)
    assert (done.told, done.waiting) == (3, 0)
    assert Counter(mailbox.subjects) == Counter(BAD)
    assert len([r for r in caplog.records if "works again" in r.getMessage()]) == 1
    # both sides hear the end
    show(home, stages["corrected"])
    deliver(home, contract, now + MINUTE)
    assert mailbox.subjects[3:] == [SOLVED]
    assert webhook.subjects.count(SOLVED) == 2


def test_what_came_and_went_while_the_channel_was_down_is_not_told(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, webhook.url)
    webhook.status = 503
    for minute, stage in enumerate(["bad", "bad", "good"]):
        show(home, stages[stage])
        deliver(home, contract, NOW + minute * MINUTE)
    webhook.status = 200
    deliver(home, contract, NOW + 3 * MINUTE)
    assert webhook.posts == []


@pytest.mark.parametrize("dies", ["before", "after"])
def test_killed_between_queuing_and_sending_nothing_is_lost(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    dies: str,
) -> None:
    _set(monkeypatch, webhook.url)
    show(home, stages["bad"])
    for attempt in range(3):
        ended = _process(home, NOW + attempt * MINUTE, dies).wait()
        assert ended == -signal.SIGKILL
    deliver(home, contract, NOW + 5 * MINUTE)
    # at least once, and every repeat carries the key of the first
    assert {(post["title"], post["key"]) for post in webhook.posts} == {
        (subject, next(p["key"] for p in webhook.posts if p["title"] == subject)) for subject in BAD
    }
    if dies == "before":
        assert len(webhook.posts) == 3
    else:
        assert len({post["key"] for post in webhook.posts}) == 3
    show(home, stages["corrected"])
    _process(home, NOW + 6 * MINUTE, dies).wait()
    deliver(home, contract, NOW + 7 * MINUTE)
    assert len({p["key"] for p in webhook.posts if p["title"] == SOLVED}) == 1
    before = len(webhook.posts)
    deliver(home, contract, NOW + 8 * MINUTE)
    assert len(webhook.posts) == before


def test_several_processes_at_once_tell_each_fact_once(
    home: Home,
    stages: dict[str, Path],
    mailbox: Mailbox,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, mailbox.url, webhook.url)
    show(home, stages["bad"])
    processes = [_process(home, NOW + i * MINUTE, "never") for i in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert Counter(mailbox.subjects) == Counter(webhook.subjects) == Counter(BAD)


def _process(home: Home, now: dt.datetime, dies: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "acv_pipeline_tests.alerts.process"]
    return subprocess.Popen([*command, str(home.root), now.isoformat(), dies], env={**os.environ})


def test_severity_decides_where_a_fact_is_told(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    mailbox: Mailbox,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, f"error={mailbox.url}, warn={webhook.url}")
    assert [channel.only for channel in configured()] == ["error", "warn"]
    for minute, stage in enumerate(["bad", "corrected"]):
        show(home, stages[stage])
        deliver(home, contract, NOW + minute * MINUTE)
    assert mailbox.subjects == [f"{P}Error: {HELD}", SOLVED]
    assert set(webhook.subjects) == BAD - {f"{P}Error: {HELD}"}


def test_a_late_month_is_told_once_then_every_week_then_over(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, f"warn={webhook.url}")
    show(home, stages["good"])  # June was the last month to come; July is due on 20 August
    told = {}
    for day in range(20):
        now = dt.datetime(2021, 8, 18, 8, tzinfo=dt.UTC) + dt.timedelta(days=day)
        for hour in range(2):
            deliver(home, contract, now + dt.timedelta(hours=hour))
        told[now.date()] = sorted(webhook.subjects)
        webhook.posts.clear()
    due = {day: subjects for day, subjects in told.items() if subjects}
    assert due == {
        dt.date(2021, 8, 21): [
            f"{P}Warning: July 2021 from Action Logement: 1 day late",
            f"{P}Warning: July 2021 from Anah: 1 day late",
        ],
        dt.date(2021, 8, 28): [
            f"{P}Still open: July 2021 from Action Logement: 8 days late",
            f"{P}Still open: July 2021 from Anah: 8 days late",
        ],
        dt.date(2021, 9, 4): [
            f"{P}Still open: July 2021 from Action Logement: 15 days late",
            f"{P}Still open: July 2021 from Anah: 15 days late",
        ],
    }
    show(home, stages["corrected"])
    deliver(home, contract, dt.datetime(2021, 9, 7, 8, tzinfo=dt.UTC))
    solved = [subject for subject in webhook.subjects if subject.startswith(f"{P}Solved")]
    assert solved == [
        f"{P}Solved: July 2021 from Action Logement: 15 days late",
        f"{P}Solved: July 2021 from Anah: 15 days late",
    ]


def test_many_late_months_are_one_message(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, f"warn={webhook.url}")
    show(home, stages["good"])
    done = deliver(home, contract, dt.datetime(2024, 12, 24, tzinfo=dt.UTC))
    assert done.told == 2 * 41
    assert sorted(webhook.subjects) == [
        f"{P}Warning: 41 months (July 2021 to November 2024) from Action Logement: late",
        f"{P}Warning: 41 months (July 2021 to November 2024) from Anah: late",
    ]


def test_a_failed_run_is_told_even_when_nothing_was_ever_published(
    home: Home, contract: Contract, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(monkeypatch, webhook.url)
    why = Failure("disk full\n  at step x", is_repeated=True)
    failed = FailedRun("8f", "monthly_indicator", why, "http://d/runs/8f2")
    deliver(home, contract, NOW, [failed])
    assert webhook.subjects == [f"{P}Error: a run of monthly_indicator that failed"]
    assert "disk full" in webhook.posts[0]["message"]
    assert "http://d/runs/8f2" in webhook.posts[0]["message"]
    assert "Put that right: it is tried again within the hour" in webhook.posts[0]["message"]
    deliver(home, contract, NOW + MINUTE)  # nobody looked at runs
    another = replace(failed, link="http://d/runs/8f3")
    deliver(home, contract, NOW + 2 * MINUTE, [another])
    assert len(webhook.posts) == 1, "that it was tried again is no news"
    last = replace(another, failure=replace(why, tries=5))
    deliver(home, contract, NOW + 3 * MINUTE, [last])
    assert len(webhook.posts) == 2 and "8f3" in webhook.posts[1]["message"]
    assert "It was tried 5 times and is not tried again by itself" in webhook.posts[1]["message"]
    deliver(home, contract, NOW + 4 * MINUTE, [])
    assert webhook.subjects[2:] == [f"{P}Solved: a run of monthly_indicator that failed"]


def test_without_the_published_copy_nothing_is_said_to_be_solved(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, webhook.url)
    show(home, stages["bad"])
    deliver(home, contract, NOW)
    home.published.write_bytes(b"not a database")
    deliver(home, contract, NOW + MINUTE)
    home.published.unlink()
    deliver(home, contract, NOW + 2 * MINUTE)
    assert set(webhook.subjects) == BAD
    assert len(webhook.subjects) == 3


def test_unset_there_is_only_a_line_in_the_log(
    home: Home, contract: Contract, stages: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    show(home, stages["bad"])
    for _ in range(2):
        deliver(home, contract, NOW)
    lines = [r.getMessage() for r in caplog.records if r.name == "acv_pipeline.alerts"]
    assert {line.removesuffix(f" ({SETTING} sends such messages by mail or chat)")
            for line in lines} == BAD  # fmt: skip
    assert len(lines) == 3


def test_no_secret_in_the_outbox_or_any_log(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    mailbox: Mailbox,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    secrets = ["s3cr3tpass", "t0kenInPath", "us3rname", "h1ddenheader"]
    urls = [
        f"mailto://us3rname:s3cr3tpass@127.0.0.1:{mailbox.port}/?smtp=127.0.0.1&mode=insecure"
        "&from=a@example.org&to=b@example.org",  # a server that knows no logins
        f"json://us3rname:s3cr3tpass@127.0.0.1:{webhook.port}/t0kenInPath?+X-Key=h1ddenheader",
        f"json://127.0.0.1:{free_port()}/t0kenInPath",  # nobody listens
        "slack://t0kenInPath/not/valid",
        "nosuch://us3rname:s3cr3tpass@host/t0kenInPath",
    ]
    _set(monkeypatch, *urls)
    assert len(configured()) == len(urls)
    show(home, stages["bad"])
    webhook.status = 403
    assert deliver(home, contract, NOW).waiting == 3 * len(urls)
    webhook.status = 200
    deliver(home, contract, NOW + MINUTE)
    assert len(webhook.posts) == 3
    written = b"".join(file.read_bytes() for file in home.root.glob("alerts.*"))
    logged = caplog.text + repr(configured())
    for secret in [*secrets, "json://", "mailto://"]:
        assert secret.encode() not in written, secret
        assert secret not in logged, secret
    assert "it answered with HTTP status 403" in logged
    assert "no connection: Connection refused" in logged
    assert "no address that the notification library Apprise understands" in logged


def test_the_digest_goes_out_once_per_month_where_digests_go(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    mailbox: Mailbox,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = mailbox.url + "&format=text"
    _set(monkeypatch, f"digest={mailbox.url}", f"error={webhook.url}")
    show(home, stages["corrected"])
    mailbox.stop()
    assert send_digest(home, contract, dt.date(2021, 7, 1), NOW).waiting == 1
    mailbox.start()
    deliver(home, contract, NOW + MINUTE)
    send_digest(home, contract, dt.date(2021, 7, 1), NOW + 2 * MINUTE)
    send_digest(home, contract, dt.date(2021, 6, 1), NOW + 3 * MINUTE)
    assert [subject.split(":")[0] for subject in mailbox.subjects] == [
        f"{P}July 2021", f"{P}June 2021",
    ]  # fmt: skip
    assert webhook.posts == []
    mail = mailbox.mails[0]
    assert mail.get_content_type() == "multipart/alternative"
    text, html = (part.get_content() for part in mail.iter_parts())
    for part in (text, html):
        assert "ranking" in part and "Action Logement" in part
    # who prefers plain text says so, and is a channel like any other
    _set(monkeypatch, f"digest={plain}")
    send_digest(home, contract, dt.date(2021, 7, 1), NOW + 4 * MINUTE)
    assert mailbox.mails[-1].get_content_type() == "text/plain"
    assert "Rank  Département" in mailbox.mails[-1].get_content()


def test_the_report_page_is_attached_to_digests_where_that_is_asked_for(
    home: Home,
    contract: Contract,
    stages: dict[str, Path],
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, mailbox.url)
    show(home, stages["corrected"])
    home.report.parent.mkdir()
    home.report.write_text("<!doctype html><title>page</title>", encoding="utf-8")
    july, june, may = (dt.date(2021, month, 1) for month in (7, 6, 5))
    send_digest(home, contract, july, NOW)
    assert not list(mailbox.mails[-1].iter_attachments())
    text = mailbox.mails[-1].get_body(("plain",))
    assert text and f"The report page: {home.report}" in text.get_content()
    # where people open it is a link
    monkeypatch.setenv(REPORT_SETTING, "https://acv.example.org/report/")
    send_digest(home, contract, june, NOW)
    page = mailbox.mails[-1].get_body(("html",))
    assert page and '<a href="https://acv.example.org/report/"' in page.get_content()
    assert str(home.report) not in page.get_content()

    _set(monkeypatch, f"digest+page={mailbox.url}")
    send_digest(home, contract, july, NOW)
    (file,) = mailbox.mails[-1].iter_attachments()
    assert file.get_filename() == "index.html"
    assert "<title>page</title>" in file.get_content()
    # queued while the mail server was away, and the page is gone when it is back
    mailbox.stop()
    send_digest(home, contract, may, NOW + MINUTE)
    home.report.unlink()
    mailbox.start()
    deliver(home, contract, NOW + 2 * MINUTE)
    assert "May 2021" in mailbox.subjects[-1]
    assert not list(mailbox.mails[-1].iter_attachments())

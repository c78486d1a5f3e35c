"""The difference between what stands and what was told, over any history."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from acv_pipeline.operations.alerts.fact import Fact
from acv_pipeline.operations.alerts.messages import MERGE_ABOVE, Message
from acv_pipeline.operations.alerts.outbox import Outbox, count_waiting, open_outbox

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
KEYS = [f"fact {letter}" for letter in "abcdefgh"]


def fact(key: str, **changes: object) -> Fact:
    made = Fact(
        key=key,
        group=f"group {ord(key[-1]) % 3}" if key in KEYS[:4] else key,
        severity="warn",
        title=key,
        titles="{count} facts",
        lines=("it is wrong",),
        ask=("somebody",),
        what_to_do=("look",),
        link="/x",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def send(outbox: Outbox, now: dt.datetime, *, works: bool = True) -> list[Message]:
    messages = [message for _, message in outbox.waiting(["c"])]
    for message in messages:
        outbox.sending("c", message)
        if works:
            outbox.sent("c", message, now)
        else:
            outbox.failed("c", message, "no connection", now)
    return messages if works else []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from(KEYS)),
            st.sampled_from(["works", "works", "down", "killed before", "killed after"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_period_is_told_and_ended_once_whatever_fails(
    history: list[tuple[set[str], str]],
) -> None:
    """What arrives (repeats dropped by key) is what a faithful listener should have heard."""
    heard: dict[str, Message] = {}  # by key, as a receiver drops repeats
    believed: set[str] = set()  # what somebody who reads the messages thinks stands
    now = START
    with tempfile.TemporaryDirectory() as folder:
        for standing, fate in [*history, *[(history[-1][0], "works")] * 2]:
            now += dt.timedelta(minutes=1)
            with open_outbox(Path(folder)) as outbox:
                assert outbox is not None
                outbox.sync([fact(key) for key in sorted(standing)], {"c": lambda _: True}, now)
                waiting = [message for _, message in outbox.waiting(["c"])]
                arrived: list[Message] = []
                if fate in ("works", "down"):
                    arrived = send(outbox, now, works=fate == "works")
                elif waiting:  # killed in the middle of the first message
                    outbox.sending("c", waiting[0])
                    arrived = waiting[:1] if fate == "killed after" else []
            for message in arrived:
                if message.key in heard:
                    assert heard[message.key].items == message.items
                    continue
                heard[message.key] = message
                for item in message.items:
                    if item.verb == "solve":
                        assert item.fact.key in believed, "ended without having been told"
                        believed.remove(item.fact.key)
                    else:
                        assert item.fact.key not in believed, "told twice"
                        believed.add(item.fact.key)
        assert believed == history[-1][0]
        assert count_waiting(Path(folder)) == 0


def test_a_graver_fact_is_news_and_a_standing_one_is_not(tmp_path: Path) -> None:
    with open_outbox(tmp_path) as outbox:
        assert outbox is not None
        told = []
        for hour, version in enumerate(["warn", "warn", "error", "error", "warn", "error"]):
            now = START + dt.timedelta(hours=hour)
            stands = fact("fact a", severity=version, version=version)
            outbox.sync([stands], {"c": lambda _: True}, now)
            told += [(hour, message.weight, message.key) for message in send(outbox, now)]
    assert [entry[:2] for entry in told] == [(0, "warn"), (2, "error"), (4, "warn"), (5, "error")]
    assert len({key for *_, key in told}) == 4  # no receiver takes one for a repeat


def test_a_channel_hears_the_end_of_what_it_was_told_even_when_it_has_become_another_s(
    tmp_path: Path,
) -> None:
    only_warnings = {"c": lambda f: f.severity == "warn"}
    said = []
    with open_outbox(tmp_path) as outbox:
        assert outbox is not None
        rounds = [[fact("fact a")], [fact("fact a", severity="error", version="error")], []]
        for hour, facts in enumerate(rounds):
            now = START + dt.timedelta(hours=hour)
            outbox.sync(facts, only_warnings, now)
            said += [(hour, message.items[0].verb) for message in send(outbox, now)]
    assert said == [(0, "tell"), (2, "solve")]


def test_what_nobody_looked_for_is_not_over(tmp_path: Path) -> None:
    with open_outbox(tmp_path) as outbox:
        assert outbox is not None
        everything = {"c": lambda _: True}
        outbox.sync([fact("run/1"), fact("check/1")], everything, START)
        send(outbox, START)
        later = START + dt.timedelta(hours=1)
        outbox.sync([], everything, later, known=lambda key: key.startswith("check/"))
        assert [m.items[0].fact.key for m in send(outbox, later)] == ["check/1"]


def test_another_process_waits_and_then_leaves_it_be(tmp_path: Path) -> None:
    with open_outbox(tmp_path) as first:
        assert first is not None
        with open_outbox(tmp_path, wait_seconds=0.1) as second:
            assert second is None
    with open_outbox(tmp_path, wait_seconds=0.1) as third:
        assert third is not None


def test_many_at_once_are_one_message_and_few_are_not(tmp_path: Path) -> None:
    with open_outbox(tmp_path) as outbox:
        assert outbox is not None
        for count, messages in ((MERGE_ABOVE, MERGE_ABOVE), (MERGE_ABOVE + 1, 1)):
            channel = f"channel {count}"
            facts = [fact(f"matter {i}") for i in range(count)]
            outbox.sync(facts, {channel: lambda _: True}, START)
            assert len(outbox.waiting([channel])) == messages


def test_a_message_no_receiver_takes_does_not_stop_the_others(tmp_path: Path) -> None:
    """What failed goes to the end of the queue, round after round."""
    with open_outbox(tmp_path) as outbox:
        assert outbox is not None
        for minute in range(3):
            now = START + dt.timedelta(minutes=minute)
            outbox.sync([fact("matter a"), fact("matter b")], {"c": lambda _: True}, now)
            first = outbox.waiting(["c"])[0][1]
            outbox.sending("c", first)
            if "matter a" in first.subject:
                outbox.failed("c", first, "too long", now)
            else:
                outbox.sent("c", first, now)
        assert ["matter a" in m.subject for _, m in outbox.waiting(["c"])] == [True]

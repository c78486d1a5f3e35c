"""Writes the examples of ``docs/alerts.md``: ``python -m acv_pipeline_tests.alerts.examples``."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from pathlib import Path

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.operations.alerts import standing_facts
from acv_pipeline.operations.alerts.digest import digest
from acv_pipeline.operations.alerts.messages import Message
from acv_pipeline.operations.alerts.outbox import open_outbox
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.world import build, show

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"
BLOCK = re.compile(r"(<!-- example: (\w+) -->\n```text\n).*?(```\n)", re.DOTALL)
LINKS = "https://dagster.example.org"


def examples(stages: dict[str, Path], contract: Contract, folder: Path) -> dict[str, str]:
    """One message of each kind, by the name it has in the page."""
    said: list[Message] = []

    def round_of(stage: str, now: dt.datetime) -> list[Message]:
        show(home, stages[stage])
        with read_published(home) as connection, open_outbox(home.root) as outbox:
            assert outbox is not None
            facts = standing_facts(connection, contract, now.date(), home)
            outbox.sync(facts, {"page": lambda _: True}, now, links_base=LINKS)
            messages = [message for _, message in outbox.waiting(["page"])]
            for message in messages:
                outbox.sent("page", message, now)
        said.extend(messages)
        return messages

    home = Home(folder)
    held, *others = round_of("bad", dt.datetime(2021, 8, 11, 9, tzinfo=dt.UTC))
    (warning,) = (message for message in others if "fewer dwellings" in message.subject)
    (recovery,) = round_of("corrected", dt.datetime(2021, 8, 13, 9, tzinfo=dt.UTC))
    late, *_ = round_of("corrected", dt.datetime(2021, 9, 26, 9, tzinfo=dt.UTC))
    with read_published(home) as connection:
        monthly = digest(connection, contract, dt.date(2021, 7, 1), links_base=LINKS)
    shown = {
        "held": held,
        "warning": warning,
        "late": late,
        "recovery": recovery,
        "digest": monthly,
    }
    assert held.mail is not None
    begin, end = held.mail.index("To be forwarded"), held.mail.index("\n\n-- \n")
    texts = {
        name: f"Subject: {message.subject}\n\n{message.text}".replace(str(folder), "/srv/acv/home")
        for name, message in shown.items()
    }
    return texts | {"letter": f"{held.mail[begin:end]}\n"}


def with_examples(text: str, messages: dict[str, str]) -> str:
    """The page with the current messages in it."""
    return BLOCK.sub(lambda match: match[1] + messages[match[2]] + match[3], text)


def main() -> None:
    """Renew the page."""
    contract = load_contract()
    with tempfile.TemporaryDirectory() as folder:
        stages = build(Path(folder) / "world", contract)
        messages = examples(stages, contract, Path(folder) / "home")
    PAGE.write_text(with_examples(PAGE.read_text(encoding="utf-8"), messages), encoding="utf-8")


if __name__ == "__main__":
    main()

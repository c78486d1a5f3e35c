"""One round of alerts in a process of its own, which may kill itself on the way.

``python -m acv_pipeline_tests.alerts.process HOME NOW never|before|after``: before handing the
first message over, or after, without time to write anything down.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from acv_pipeline.contract import load_contract
from acv_pipeline.operations.alerts import deliver
from acv_pipeline.operations.alerts.channels import Channel
from acv_pipeline.operations.alerts.messages import Message
from acv_pipeline.warehouse.home import Home


def main(home: str, now: str, dies: str) -> None:
    send = Channel.send

    def fatal(channel: Channel, message: Message, files: Mapping[str, Path]) -> None:
        if dies == "after":
            send(channel, message, files)
        os.kill(os.getpid(), signal.SIGKILL)

    if dies != "never":
        Channel.send = fatal  # type: ignore[method-assign]
    print(deliver(Home(Path(home)), load_contract(), dt.datetime.fromisoformat(now)))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs killed at random instants, each compared with one that nobody disturbed."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.torture.forks import (
    Child,
    acv_run,
    ask,
    counting,
    dying,
    flow,
    fork,
    judged,
    preload,
)
from acv_pipeline_tests.torture.world import (
    World,
    deliver_news,
    deliver_past,
    everything,
    state,
)

PUBLISHED_DUE = "published validated.due_months"
CHAIN = (4, 10)  # kills in one home, one after the other
MUST_HIT = {"load", "gate", "marts", "checks", "publish", "release"}
MUST_HIT_OF_DAGSTER = {"record"}  # the command's; the flow alone has no such phase
Way = Callable[[Home, Path], None]


@dataclass(frozen=True)
class Kill:
    """How far into a phase, 0 to 1: of its instants, or of its time by the clock.

    The clock hits what is no instant, such as the middle of a statement, and misses on a busy day.
    """

    phase: str
    at: float
    by_clock: bool


@dataclass
class Undisturbed:
    """How a run goes that nobody disturbs: what may be seen on the way, and how long it takes."""

    allowed: list[dict[str, Any]]
    result: dict[str, str]
    durations: dict[str, float]
    instants: dict[str, int]


@dataclass
class Torture:
    """Kills so far, and where they hit."""

    folder: Path
    seed: int
    ways: Sequence[Way] = (flow, acv_run)
    share_by_clock: float = 0.6
    log: Callable[[str], None] = print
    hit: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    chains: int = 0
    _deck: list[str] = field(default_factory=list)
    _undisturbed: dict[tuple[Way, bool], Undisturbed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log(f"seed {self.seed}")
        self._random = random.Random(self.seed)
        self._world = World(self.folder)
        self._log = self.folder / "log"
        self.folder.mkdir(parents=True, exist_ok=True)
        deliver_past(self._world.landing)
        # all that the ways import, and the home with a past
        for way in self.ways:
            past = self._world.fresh(_past(way))
            preload(partial(way, past, self._world.landing), self._log)
        deliver_news(self._world.landing)

    @property
    def must_hit(self) -> set[str]:
        """Phases that have to be hit, whatever the number of kills."""
        return MUST_HIT | (MUST_HIT_OF_DAGSTER if acv_run in self.ways else set())

    def kill(self, count: int) -> None:
        """Kill ``count`` runs, and more until ``must_hit`` were."""
        while left := max(count - self.hit.total(), len(self.must_hit - self.hit.keys())):
            self._chain(min(left, self._random.randint(*CHAIN)))

    def plan(self, length: int, phases: Iterable[str]) -> list[Kill]:
        """The next kills: each phase once before any comes twice."""
        plan: list[Kill] = []
        for _ in range(length):
            if not self._deck:
                self._deck = [*phases]
                self._random.shuffle(self._deck)
            by_clock = self._random.random() < self.share_by_clock
            plan.append(Kill(self._deck.pop(), self._random.random(), by_clock))
        return plan

    def _undisturbed_run(self, way: Way, empty: bool) -> Undisturbed:
        past = None if empty else _past(way)
        home = self._world.fresh("undisturbed", past)
        landing = self._world.landing
        before = ask(partial(state, home), self._log)
        ask(
            lambda: [str(m) for m in Pipeline.configured(home, landing).receive_due()[0]], self._log
        )
        received = ask(partial(state, home), self._log)
        ask(partial(judged, home, landing), self._log)
        in_force = ask(partial(state, home), self._log)
        home = self._world.fresh("undisturbed", past)
        count = home.root.with_name("count")
        started = time.monotonic()
        child = fork(counting(partial(way, home, landing), count), self._log)
        self._assert_ended(child.end(), "undisturbed")
        seconds = time.monotonic() - started
        return Undisturbed(
            [before, received, in_force, ask(partial(state, home), self._log)],
            ask(partial(everything, home), self._log),
            _durations(child, seconds),
            json.loads(count.read_text(encoding="utf-8")),
        )

    def _chain(self, length: int) -> None:
        """Kill run after run in one home, then let one end, and compare."""
        self.chains += 1
        way = self._random.choice(self.ways)
        empty = self._random.random() < 0.3
        home = self._world.fresh("tortured", None if empty else _past(way))
        if (way, empty) not in self._undisturbed:
            self._undisturbed[way, empty] = self._undisturbed_run(way, empty)
        undisturbed = self._undisturbed[way, empty]
        plan = self.plan(length, undisturbed.durations)
        what = f"seed {self.seed}, {way.__name__}, {'empty home, ' if empty else ''}{plan}"
        work = partial(way, home, self._world.landing)
        for number, kill in enumerate(plan, start=1):
            status = self._kill(kill, work, undisturbed)
            if status is not None:
                # it ended before its time came, and nothing is left to kill here; in a fresh home
                # the instant is certain to come
                self._deck.append(kill.phase)
                break
            found = ask(partial(state, home), self._log)
            self._assert_whole(found, undisturbed, f"{what}, after kill {number}")
        else:
            status = fork(work, self._log).end()
        self._assert_ended(status, what)
        found = ask(partial(everything, home), self._log)
        wrong = {
            name: (undisturbed.result.get(name), found.get(name))
            # which months a run had yet to record when it published depends on the runs before it
            for name in (undisturbed.result.keys() | found.keys()) - {PUBLISHED_DUE}
            if undisturbed.result.get(name) != found.get(name)
        }
        assert not wrong, f"{what}: differs from the undisturbed: {wrong}"

    def _kill(self, kill: Kill, work: Callable[[], None], undisturbed: Undisturbed) -> int | None:
        """Kill a run at its instant; None, or its status if it ended before."""
        if not kill.by_clock:
            instant = 1 + int(kill.at * undisturbed.instants[kill.phase])
            work = dying(work, kill.phase, instant)
        child = fork(work, self._log)
        if kill.by_clock and child.wait_for_phase(kill.phase):
            time.sleep(kill.at * undisturbed.durations[kill.phase])
            child.kill()
        status = child.end()
        if not os.WIFSIGNALED(status):
            self.missed += 1
            return status
        self.hit[child.phases[-1][0]] += 1
        return None

    def _assert_whole(self, found: dict[str, Any], undisturbed: Undisturbed, when: str) -> None:
        for part in ("warehouse", "published"):
            allowed = [state[part] for state in undisturbed.allowed]
            assert found[part] in allowed, (
                f"{when}: the {part} is neither as before nor as after; "
                f"it differs from those in {[_differing(found[part], one) for one in allowed]}"
            )

    def _assert_ended(self, status: int, what: str) -> None:
        """Exit code 1 says that a delivery was refused; a later run of a chain may say 0."""
        output = self._log.read_text(encoding="utf-8")[-3000:]
        assert status in (0, 1 << 8) and "Traceback" not in output, f"{what}: {output}"


def _past(way: Way) -> str:
    return f"past of {way.__name__}"


def _durations(child: Child, seconds: float) -> dict[str, float]:
    """How long each phase takes: until the next one is entered."""
    ends = [entered for _, entered in child.phases[1:]] + [seconds]
    return {phase: end - entered for (phase, entered), end in zip(child.phases, ends, strict=True)}


def _differing(found: dict[str, str] | None, allowed: dict[str, str] | None) -> list[str]:
    found, allowed = found or {}, allowed or {}
    return sorted(n for n in found.keys() | allowed.keys() if found.get(n) != allowed.get(n))

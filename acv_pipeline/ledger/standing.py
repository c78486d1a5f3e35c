"""Which of several files of one source and day counts, where their figures differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from acv_pipeline.gate.case import Rival
from acv_pipeline.language import Both, both, marked

if TYPE_CHECKING:
    from acv_pipeline.ledger.blocks import Block

PROVISIONAL, PLAIN, DEFINITIVE = -1, 0, 1


@dataclass(frozen=True)
class Standing:
    """What a file says of its own standing.

    Attributes:
        certainty: ``PROVISIONAL``, ``PLAIN`` or ``DEFINITIVE``; None where it says both.
        certain_by: the word that says so.
        corrects_by: the word that makes it a correction of another file, if it has one.
        version: its number; the first where it names none.
        made_at: when it was made, where it says so.
    """

    certainty: int | None = PLAIN
    certain_by: str = ""
    corrects_by: str = ""
    version: tuple[int, ...] = (1,)
    made_at: dt.datetime | None = None

    @property
    def place(self) -> tuple[int, bool, tuple[int, ...], dt.datetime]:
        """For sorting where figures agree: what comes last is named as where they come from."""
        made_at = self.made_at or dt.datetime.min
        return self.certainty or PLAIN, bool(self.corrects_by), self.version, made_at


def why_first(one: Standing, other: Standing) -> Both | None:
    """Why a file with standing ``one`` counts and the other doesn't; None where nothing says so.

    Words come before time: what is provisional never takes the place of what is not, a
    correction and a higher version come first. Where the words say nothing, or contradict one
    another, the file made later counts. That one file is marked and the other isn't, as
    provisional or definitive, is no longer clear once the times say the contrary.
    """
    votes = {
        vote: sign
        for vote, sign in (
            ("certainty", _compared(one.certainty, other.certainty)),
            ("correction", bool(one.corrects_by) - bool(other.corrects_by)),
            ("version", _compared(one.version, other.version)),
        )
        if sign
    }
    later = _compared(one.made_at, other.made_at)  # made later, if above zero
    if {one.certainty, other.certainty} == {DEFINITIVE, PROVISIONAL}:
        votes = {"certainty": votes["certainty"]}
    elif set(votes) == {"certainty"} and later == -votes["certainty"]:
        return None
    signs = set(votes.values())
    if signs == {1}:
        return _words_of(votes, one, other)
    if signs == {-1} or later != 1:
        return None
    if one.certainty == PROVISIONAL and other.certainty != PROVISIONAL:
        return None
    return both(
        "it was made later ({made_at:%Y-%m-%d %H:%M}, the other {other:%H:%M} UTC)",
        made_at=one.made_at,
        other=other.made_at,
    )


def rivals_of(files: Sequence[tuple[str, Standing, Block]]) -> list[tuple[Rival, ...]]:
    """Per file, the others of its source, day and month that bring other figures.

    A file that counts takes the place of the whole month of another, so it must have, or have in
    quarantine, every département that the other has. One whose place is taken is no rival to
    anybody any more.

    Args:
        files: name, standing and figures of each, of one indicator and month.
    """
    differing = {
        (i, j)
        for i, (_, _, one) in enumerate(files)
        for j, (_, _, other) in enumerate(files)
        if i != j and one.differs_from(other)
    }
    beaten: dict[int, dict[int, Both]] = {}
    for i, j in sorted(differing):
        why = why_first(files[i][1], files[j][1])
        if why is not None and not files[i][2].lacks(files[j][2]):
            beaten.setdefault(j, {})[i] = why
    # only what gives way to a file that counts, directly or by way of others, is out: of files that
    # each come before another none is
    out, reached = set[int](), {i for i in range(len(files)) if i not in beaten}
    while reached:
        reached = {j for j in beaten if j not in out and reached & beaten[j].keys()}
        out |= reached
    rivals = []
    for i in range(len(files)):
        found = []
        for j, (name, _, block) in enumerate(files):
            if (i, j) not in differing:
                continue
            if i in out and j in beaten[i]:
                found.append(Rival(name, block.values, "counts", beaten[i][j]))
            elif j in out and i in beaten[j]:
                found.append(Rival(name, block.values, "gives way", beaten[j][i]))
            elif not {i, j} & out:
                found.append(
                    Rival(name, block.values, "undecided", _why_neither(files[i], files[j]))
                )
        rivals.append(tuple(found))
    return rivals


THIS_BUT_INCOMPLETE = marked(
    "this file would count ({why}), but has no row for {lacking} of the départements of the other "
    "one"
)
THAT_BUT_INCOMPLETE = marked(
    "that file would count ({why}), but has no row for {lacking} of the départements of this one"
)


def _why_neither(one: tuple[str, Standing, Block], other: tuple[str, Standing, Block]) -> Both:
    for first, second, but_incomplete in (
        (one, other, THIS_BUT_INCOMPLETE),
        (other, one, THAT_BUT_INCOMPLETE),
    ):
        if why := why_first(first[1], second[1]):
            lacking = first[2].lacks(second[2])
            if lacking:
                return both(but_incomplete, why=why, lacking=lacking)
            return both("words and times put each of several files before another")
    return both("neither their words nor the times they were made tell which file counts")


def _compared(one: Any, other: Any) -> int:
    """1 if ``one`` is the greater, -1 if the smaller, 0 if they are equal or one says nothing."""
    if one is None or other is None:
        return 0
    return int(one > other) - int(one < other)


def _words_of(votes: dict[str, int], one: Standing, other: Standing) -> Both:
    said = []
    if "certainty" in votes:
        if one.certain_by:
            said.append(both("it says “{word}”", word=one.certain_by))
        if other.certain_by:
            said.append(both("the other says “{word}”", word=other.certain_by))
    if "correction" in votes:
        said.append(both("it says “{word}”", word=one.corrects_by))
    if "version" in votes:
        said.append(both("it is version {number}", number=".".join(map(str, one.version))))
    return reduce(lambda all_but, last: both("{one} and {other}", one=all_but, other=last), said)

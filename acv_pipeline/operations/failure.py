"""Why a run failed, and what is to be done about it."""

from __future__ import annotations

from dataclasses import dataclass

from acv_pipeline.language import _


@dataclass(frozen=True)
class Failure:
    """Why a run failed, and how it goes on.

    Attributes:
        why: for people; the first line says it.
        was_interrupted: its process ended in the midst of it, so nothing need be wrong.
        is_repeated: where a daemon is, another run makes up for it by itself.
        tries: how many runs in a row have failed at it, where that is no more to be repeated.
    """

    why: str
    was_interrupted: bool = False
    is_repeated: bool = False
    tries: int = 1

    def what_to_do(self, *, with_daemon: bool = True) -> str:
        """For people, as the rest of a sentence."""
        if self.tries > 1 and with_daemon:
            return _(
                "it was tried {count} times and is not tried again by itself: put that right, then "
                "re-execute it in the UI; anything new that arrives has it tried again, too",
                count=self.tries,
            )
        if self.was_interrupted and self.is_repeated and with_daemon:
            return _(
                "there is nothing to put right: within the hour, or as soon as something arrives, "
                "another run makes up for it"
            )
        if self.was_interrupted and not with_daemon:
            return _("there is nothing to put right: the next 'acv run' makes up for it")
        if self.was_interrupted:
            return _("there is nothing to put right: re-execute it in the UI")
        if self.is_repeated and with_daemon:
            return _(
                "put that right: it is tried again within the hour, or as soon as something arrives"
            )
        return _("put that right, then re-execute it in the UI")

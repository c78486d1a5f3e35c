"""The one way a delivery is refused as a whole."""

from __future__ import annotations

from acv_pipeline.language import Both


class DeliveryRefused(Exception):  # noqa: N818 - it is an outcome, not an error
    """A delivery that cannot be used at all: nothing of it is loaded, it stays on record.

    Attributes:
        reason_code: a short stable code, such as ``no_department_column``.
        said: what is wrong, where, what was expected and what to do.
    """

    def __init__(self, reason_code: str, said: Both) -> None:
        super().__init__(said)
        self.reason_code = reason_code
        self.said = said

    @property
    def reason(self) -> str:
        """What is wrong, in English."""
        return self.said.en

    @property
    def reason_fr(self) -> str:
        """The same in French."""
        return self.said.fr

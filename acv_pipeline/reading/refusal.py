"""The one way a delivery is refused as a whole."""

from __future__ import annotations


class DeliveryRefused(Exception):  # noqa: N818 - it is an outcome, not an error
    """A delivery that cannot be used at all: nothing of it is loaded, it stays on record.

    Attributes:
        reason_code: a short stable code, such as ``no_department_column``.
        reason: what is wrong, where, what was expected and what to do, in English.
        reason_fr: the same in French.
    """

    def __init__(self, reason_code: str, reason: str, reason_fr: str) -> None:
        super().__init__(reason)
        self.reason_code = reason_code
        self.reason = reason
        self.reason_fr = reason_fr

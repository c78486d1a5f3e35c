"""Who reads which delivery: of many small ones, the process beside reads some.

Here: how they are shared out, and waiting for what it read. Not here: reading one (``tidying``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from acv_pipeline.beside import Ask, Question
from acv_pipeline.contract import Contract
from acv_pipeline.landing import LandedFile
from acv_pipeline.tidying import DeliveryRefused, TidyDelivery, read_delivery

# one in so many is read beside, where libraries are loaded meanwhile
SHARE = 3
# fewer are read sooner than the process beside is there; more bytes would fill memory, waiting
FEWEST_FILES, MOST_BYTES = 8, 10_000_000


def readings(
    files: Sequence[LandedFile], contract: Contract, ask: Ask | None
) -> list[Callable[[], TidyDelivery]]:
    """What reads each of the files, or waits for it, in the same order; called in that order.

    Args:
        ask: asks the process beside; None to read every file here.

    Raises:
        DeliveryRefused, OSError: by what reads a file, as ``read_delivery`` does.
    """
    read: list[Callable[[], TidyDelivery]] = [partial(_read, file, contract) for file in files]
    shared = _last_ones(files)
    if ask and len(shared) >= FEWEST_FILES:
        first = len(files) - len(shared)
        found = ask(read_usable, shared, contract)
        for place in range(len(shared)):
            read[first + place] = partial(_found, found, place, read[first + place])
    return read


def read_usable(files: Sequence[LandedFile], contract: Contract) -> list[TidyDelivery | None]:
    """What each of the files holds; None where it can't be used."""
    found: list[TidyDelivery | None] = []
    for file in files:
        try:
            found.append(_read(file, contract))
        except (DeliveryRefused, OSError):
            found.append(None)
    return found


def _last_ones(files: Sequence[LandedFile]) -> list[LandedFile]:
    """The last files, that is those needed last, up to a share and a size."""
    shared: list[LandedFile] = []
    room = MOST_BYTES
    for file in reversed(files[len(files) - len(files) // SHARE :]):
        room -= file.byte_size
        if room < 0:
            break
        shared.insert(0, file)
    return shared


def _read(file: LandedFile, contract: Contract) -> TidyDelivery:
    source = contract.sources[file.source]
    return read_delivery(file.path, source, contract, received_on=file.delivered_on)


def _found(
    found: Question[list[TidyDelivery | None]], place: int, read: Callable[[], TidyDelivery]
) -> TidyDelivery:
    tidy = found.answer()[place]
    return read() if tidy is None else tidy  # read here, it says why it can't be used

"""Importing a large library without waiting for the parts of it that nothing here uses.

Here: how an import is made short. Not here: which library, and why (``expectations``).
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader, find_spec
from types import ModuleType


class _Deferring(MetaPathFinder):
    """Finds the named modules like everybody else, and loads them when first looked into."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._asking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own spec, with a loader that waits; None for all other modules."""
        if self._asking or fullname not in self._names:
            return None
        self._asking = True
        try:
            spec = find_spec(fullname)
        finally:
            self._asking = False
        if spec and spec.loader:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def quick_import(*, deferring: Collection[str]) -> Iterator[None]:
    """What is imported in here is imported faster.

    Garbage isn't looked for, of which an import makes hardly any, and the modules named in
    ``deferring`` are loaded when something first asks for one of their contents, then or later.
    """
    finder = _Deferring(deferring)
    collecting = gc.isenabled()
    gc.disable()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        if collecting:
            gc.enable()

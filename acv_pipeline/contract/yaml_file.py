"""Reading the program's own YAML files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# the same as yaml.SafeLoader, ten times as fast where libyaml is there
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The content of a file.

    Raises:
        OSError: it cannot be read.
        yaml.YAMLError: it is no YAML.
    """
    return yaml.load(path.read_text(encoding="utf-8"), _LOADER)

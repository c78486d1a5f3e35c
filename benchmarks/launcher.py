"""Starts a command and writes what it took to a file: ``launcher.py FILE command …``.

A process of its own because the peak memory that the system tells of a child counts that of the
parent it was split from: this parent is small. Here: nothing but the standard library.
"""

import json
import resource
import subprocess
import sys
import time


def main(file: str, *command: str) -> int:
    """Run the command; its exit code."""
    start = time.perf_counter()
    code = subprocess.run(command, check=False).returncode
    wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(file, "w", encoding="utf-8") as target:  # noqa: PTH123 (pathlib would have to load)
        json.dump([wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024], target)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

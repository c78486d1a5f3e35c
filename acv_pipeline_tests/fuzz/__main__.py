"""``python -m acv_pipeline_tests.fuzz --count 20000``: read files, say what came of each kind."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections import Counter

from acv_pipeline_tests.fuzz.seeds import CHANGES, run


def main() -> int:
    parser = argparse.ArgumentParser(description="Read damaged deliveries by the thousand.")
    parser.add_argument("--count", type=int, default=20_000, help="how many files")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--kind", choices=sorted(CHANGES), metavar="KIND", help="of this kind only")
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    failures = []
    for done, (seed, outcome, failure) in enumerate(
        run(options.seed, options.count, options.jobs, options.kind), start=1
    ):
        outcomes[outcome] += 1
        if failure:
            failures.append(seed)
            print(f"seed {seed}\n{failure}")
        if done % 1000 == 0:
            print(f"{done:,} of {options.count:,} files, {len(failures)} broken", flush=True)
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:7,}  {outcome}")
    if failures:
        print(f"{len(failures)} broken; repeat one with --seed {failures[0]} --count 1 --jobs 1")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Benchmarks: the pipeline beside other ways to do the same work, in one session.

    make bench                         all of it, which takes a while; writes docs/performance.md
    make bench SIZE=20M                the long table with 20 million rows instead of 3.7 million
    make bench ONLY="month loading"    some benchmarks; the others keep their last results

Each benchmark runs the real thing (``acv run``'s own code, in a process of its own) and its
references alternately, several times, and reports medians, ratios and peak memory. All ways that
end in rankings must end in the same ones: their hash is compared, and a difference is an error.

| Module | Holds |
|---|---|
| ``inputs`` | deliveries of a chosen size, dirty rows included; the demo's deliveries |
| ``references/`` | DuckDB script, pandas script, tutorial-style Dagster, empty Dagster, real dbt |
| ``measure`` | running a command: time, processor time, peak memory |
| ``rankings`` | the hash by which results are compared |
| ``history``, ``month``, ``bulk``, ``growth``, ``loading`` | the benchmarks |
| ``page`` | results (JSON) to ``docs/performance.md`` |

Real dbt stands in an environment of its own, ``.venv/dbt``; ``ACV_DBT`` may name another ``dbt``.
Inputs and results are under ``--work`` (``bench_work`` by default), which may be deleted.
"""

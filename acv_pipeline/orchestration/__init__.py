"""How Dagster is set up and driven: its home, storage, runs.

Not here: assets, or any domain work.
"""

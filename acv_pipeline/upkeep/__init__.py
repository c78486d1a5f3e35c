"""Keeping a home in order: making its warehouse again, backups, old runs.

Here: what an operator does beside the monthly work. Not here: the work, and Dagster's settings.
"""

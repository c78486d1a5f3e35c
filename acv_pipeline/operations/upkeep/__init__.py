"""Keeping a home in order: making its warehouse again, backups, old runs."""

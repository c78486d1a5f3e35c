"""Definitions of your own: every module here is loaded beside those of the pipeline.

``dg scaffold defs dagster.asset mine.py`` puts one here; docs/extending.md says how to hang it
behind ours. Nothing of the pipeline's own belongs here.
"""

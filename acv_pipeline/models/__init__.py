"""The small engine that reads the SQL project and builds its tables."""

from acv_pipeline.models.nodes import Column, Model, Seed, SqlProjectError, SqlTest
from acv_pipeline.models.project import Project

__all__ = ["Column", "Model", "Project", "Seed", "SqlProjectError", "SqlTest"]

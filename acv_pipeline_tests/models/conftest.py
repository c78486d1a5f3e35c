"""The SQL project, read once for all tests of the models."""

import pytest

from acv_pipeline.models import Project
from acv_pipeline_tests.models.world import World


@pytest.fixture(scope="session")
def project() -> Project:
    return Project.load()


@pytest.fixture
def world(project: Project) -> World:
    """A warehouse whose panel is 01, 03 (both region 84) and 2A (region 94)."""
    return World(project, panel=["01", "03", "2A"])

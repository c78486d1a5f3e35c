"""The SQL project and the workspace file, which lie beside the package, go into the wheel with it.

Everything else about the package is in pyproject.toml.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent


class BuildWithSql(build_py):
    """Copies them, except for an editable install, which uses them where they are."""

    def run(self) -> None:
        """As usual, and then the files."""
        super().run()
        if not self.editable_mode:
            package = Path(self.build_lib, "acv_pipeline")
            shutil.copytree(HERE / "dbt_like_sql", package / "dbt_like_sql", dirs_exist_ok=True)
            shutil.copy(HERE / "workspace.yaml", package)


setup(cmdclass={"build_py": BuildWithSql})

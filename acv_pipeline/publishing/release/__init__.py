"""The open data release: a dated folder of CSV, Parquet and what describes them."""

from acv_pipeline.publishing.release.folder import latest_release, release_sha256
from acv_pipeline.publishing.release.release import Release, make_release
from acv_pipeline.publishing.release.writing import ReleaseError

__all__ = ["Release", "ReleaseError", "latest_release", "make_release", "release_sha256"]

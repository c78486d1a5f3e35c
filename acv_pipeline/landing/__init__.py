"""The landing zone: ``landing/<source>/<YYYY-MM-DD>/<file>``, read, never written to.

Here: which files are there and what is odd about where they are; a folder, or any address that
fsspec understands. Not here: what is in the files.
"""

from acv_pipeline.landing.remote import RemoteZone
from acv_pipeline.landing.rules import (
    UNFINISHED,
    LandedFile,
    Landing,
    LandingError,
    sha256,
    sidecar_path,
)
from acv_pipeline.landing.scan import Zone, receive, scan

__all__ = [
    "UNFINISHED",
    "LandedFile",
    "Landing",
    "LandingError",
    "RemoteZone",
    "Zone",
    "receive",
    "scan",
    "sha256",
    "sidecar_path",
]

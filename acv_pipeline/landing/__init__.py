"""The landing zone: ``landing/<source>/<YYYY-MM-DD>/<file>``, read, never written to."""

from acv_pipeline.landing.layout import (
    UNFINISHED,
    LandedFile,
    Landing,
    LandingError,
    sidecar_path,
)
from acv_pipeline.landing.remote import RemoteZone
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
    "sidecar_path",
]

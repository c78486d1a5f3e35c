"""When a workbook says it was made: for two files of one day, the later one counts."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import olefile

OLDEST = dt.datetime(1980, 1, 2)  # programs that tell no time write the first day archives know
PARTS = {
    "docprops/core.xml": (rb"dcterms:modified", rb"dcterms:created"),
    "meta.xml": (rb"dc:date", rb"meta:creation-date"),
}
LONGEST = 1 << 20


def made_at(path: Path, timezone: str = "UTC") -> dt.datetime | None:
    """When the file says it was last changed, in UTC; None where it does not say.

    Of a workbook, its properties say so, else the times in its archive. Never raises: what can't
    be read says nothing.

    Args:
        path: the file.
        timezone: where times without a zone were written, as those of an archive are.
    """
    zone = ZoneInfo(timezone)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return _of_properties(archive, zone) or _of_parts(archive, zone)
        if olefile.isOleFile(path):
            with olefile.OleFileIO(path) as container:
                about = container.get_metadata()
                moments = (about.last_saved_time, about.create_time)
                return next((one for one in moments if isinstance(one, dt.datetime)), None)
    except Exception:  # a broken file is refused where it is read, with a reason
        return None
    return None


def _of_properties(archive: zipfile.ZipFile, zone: ZoneInfo) -> dt.datetime | None:
    for part in archive.infolist():
        names = PARTS.get(part.filename.replace("\\", "/").lower().lstrip("./"), ())
        if names and part.file_size <= LONGEST:
            content = archive.read(part)
            for name in names:
                if found := re.search(rb"<%b\b[^>]*>\s*([^<\s]+)" % name, content):
                    moment = dt.datetime.fromisoformat(found[1].decode("ascii"))
                    return _in_utc(moment, zone)
    return None


def _in_utc(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    if not moment.tzinfo:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)


def _of_parts(archive: zipfile.ZipFile, zone: ZoneInfo) -> dt.datetime | None:
    moments = [dt.datetime(*part.date_time) for part in archive.infolist()]
    newest = max((moment for moment in moments if moment >= OLDEST), default=None)
    return _in_utc(newest, zone) if newest else None

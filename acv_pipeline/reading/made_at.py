"""When a file says it was made or last changed.

Here: the workbook's own properties, else the times of its archive's members. Not here: what follows
from it (``ledger.standing``).
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from contextlib import suppress
from pathlib import Path

# of XLSX and of ODS, with the element that says when the content last changed, the likelier first
_PROPERTIES = {
    "docprops/core.xml": (rb"dcterms:modified", rb"dcterms:created"),
    "meta.xml": (rb"dc:date", rb"meta:creation-date"),
}
_MOST_BYTES = 1_000_000
# what archives say whose writer knows no time
_NO_TIME = dt.datetime(1980, 1, 1, 23, 59, 59)


def made_at(path: Path) -> dt.datetime | None:
    """The moment (UTC, without time zone), or None where the file does not say; never raises."""
    with suppress(Exception), zipfile.ZipFile(path) as archive:
        return _of_properties(archive) or _of_members(archive)
    return None


def _of_properties(archive: zipfile.ZipFile) -> dt.datetime | None:
    for member in archive.infolist():
        elements = _PROPERTIES.get(member.filename.replace("\\", "/").lower(), ())
        if not elements:
            continue
        with archive.open(member) as file:
            text = file.read(_MOST_BYTES)
        for element in elements:
            if found := re.search(rb"<" + element + rb"(?:\s[^>]*)?>\s*([^<\s]+)\s*<", text):
                moment = dt.datetime.fromisoformat(found[1].decode("ascii"))
                if moment.tzinfo:
                    moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
                return moment.replace(microsecond=0)
    return None


def _of_members(archive: zipfile.ZipFile) -> dt.datetime | None:
    moments = [dt.datetime(*member.date_time) for member in archive.infolist()]
    newest = max(moments, default=_NO_TIME)
    return newest if newest > _NO_TIME else None

"""Bringing a portal's data set in line with a release: each file one resource, created once."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from acv_pipeline.publishing.datagouv.files import SentFile, files_of
from acv_pipeline.publishing.datagouv.matching import (
    Record,
    address,
    has_content,
    is_named_like,
    says,
)
from acv_pipeline.publishing.datagouv.portal import (
    ATTEMPTS,
    Portal,
    RefusedError,
    Resource,
    UnsettledError,
)
from acv_pipeline.publishing.datagouv.settings import PublishError, Settings
from acv_pipeline.publishing.release.describing import PACKAGE
from acv_pipeline.publishing.release.folder import Version
from acv_pipeline.publishing.release.origins import is_synthetic

Done = Literal["created", "replaced", "described", "unchanged", "failed"]
Log = Callable[[str], None]


@dataclass(frozen=True)
class FileReport:
    """What was done with one file, or in a dry run would be.

    Attributes:
        done: ``described`` when the content was there and only metadata were set.
        url: the resource's stable address, where there is one.
        reason: why it failed.
    """

    name: str
    done: Done
    url: str = ""
    reason: str = ""


@dataclass
class Outcome:
    """What publishing did.

    Attributes:
        where: the portal and data set; empty when publishing is off.
        version: the release that was published.
        is_dry: nothing was written.
        files: one report per file, in the order of sending.
        left: files on the portal from earlier releases that this one does not have.
    """

    where: str = ""
    version: str = ""
    is_dry: bool = False
    files: list[FileReport] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """One line for people."""
        if not self.where:
            return "publishing is off"
        counts = Counter(report.done for report in self.files)
        told = ", ".join(f"{count} {done}" for done, count in counts.items())
        dry = "dry run, nothing written: " if self.is_dry else ""
        left = f"; no longer in the release: {', '.join(self.left)}" if self.left else ""
        return f"{dry}release {self.version} to {self.where}: {told}{left}"


def publish(
    release: Path,
    settings: Settings,
    record: Path,
    *,
    force: bool = False,
    log: Log = lambda _: None,
    pause: float = 1.0,
) -> Outcome:
    """Make the data set show this release.

    A file that is there with the same content and description is left alone, so publishing twice
    does nothing, and publishing after an interruption does the rest. Nothing is ever deleted.

    Args:
        record: remembers which file is which resource; without it they are recognised by name.
        force: also publish a release older than the published one.
        log: told a line per file that is sent.
        pause: seconds before the first retry.

    Raises:
        PublishError: nothing, or not everything, could be published; calling again does the rest.
        PassingError: so it is, and the same may well succeed later.
    """
    if settings.mode == "off":
        return Outcome()
    version, files = files_of(release)
    if settings.mode == "live":
        try:
            made_up = is_synthetic(release)
        except (OSError, ValueError, KeyError):
            raise PublishError(
                f"{release} does not list its deliveries, so it may hold synthetic data; not"
                " published"
            ) from None
        if made_up:
            raise PublishError(
                f"release {version} holds synthetic data, which must not be published as real: use"
                " mode demo or dry-run, or a home with real deliveries only"
            )
    is_dry = settings.mode == "dry-run"
    outcome = Outcome(f"{settings.url}, data set {settings.dataset}", version, is_dry)
    with closing(Portal(settings, pause)) as portal:
        publication = _Publication(portal, files, Record(record, settings), is_dry, pause)
        outcome.left = publication.left
        if not force:
            publication.check_order(version)
        for file in files:
            report = publication.bring_in_line(file)
            outcome.files.append(report)
            if report.done != "unchanged":
                log(f"{report.name}: {report.reason or report.done}")
        if not is_dry:
            outcome.files = publication.read_back(outcome.files)
    if failed := [report for report in outcome.files if report.done == "failed"]:
        reasons = "; ".join(f"{report.name}: {report.reason}" for report in failed)
        raise PublishError(f"{len(failed)} of {len(files)} files are not published: {reasons}")
    return outcome


class _Publication:
    """The state of one go: the portal's resources as they were, and as they become."""

    def __init__(
        self, portal: Portal, files: list[SentFile], known: Record, is_dry: bool, pause: float
    ) -> None:
        self._portal, self._known, self._is_dry, self._pause = portal, known, is_dry, pause
        self._files = {file.name: file for file in files}
        resources = portal.resources()
        self._there = {resource["id"] for resource in resources}
        self._resources = {file.name: known.find(file, resources) for file in files}
        self.left = sorted(known.names(resources) - self._files.keys())

    def check_order(self, version: str) -> None:
        """Refuse to put an older release in the place of a newer one."""
        package = self._resources[PACKAGE]
        if package is None or has_content(package, self._files[PACKAGE]):
            return
        try:
            content = self._portal.content(package["url"])
            published = Version.of(json.loads(content or "")["version"])
        except (ValueError, KeyError, TypeError):
            return  # gone, or no package of ours: it says nothing about order
        ours = Version.of(version)
        if published and ours and ours < published:
            raise PublishError(
                f"the published release is {published}, later than {ours}: publish the latest"
                " one, or force it"
            )

    def bring_in_line(self, file: SentFile) -> FileReport:
        """Do what the file needs; one that the portal refuses doesn't stop the others."""
        resource = self._resources[file.name]
        done: Done = "unchanged"
        try:
            if resource is None or not has_content(resource, file):
                done = "created" if resource is None else "replaced"
                resource = resource if self._is_dry else self._send(file, resource)
            if resource is not None:
                if not self._is_dry:
                    self._known.remember(file, resource)
                metadata = file.metadata(address(self._resources.get(file.schema or "")))
                if not says(resource, metadata):
                    done = "described" if done == "unchanged" else done
                    if not self._is_dry:
                        resource = self._portal.describe(resource["id"], metadata)
            self._resources[file.name] = resource
        except RefusedError as error:
            return FileReport(file.name, "failed", address(resource), str(error))
        except PublishError as error:
            at = list(self._files).index(file.name)
            raise type(error)(
                f"{error} (stopped at file {at + 1} of {len(self._files)}, {file.name}:"
                " publishing again does the rest)"
            ) from None
        return FileReport(file.name, done, address(resource))

    def _send(self, file: SentFile, resource: Resource | None) -> Resource:
        """Upload the file, and make sure of what arrived."""
        if resource is not None:
            sent = self._portal.replace(resource["id"], file.path, file.sent_name)
        else:
            sent = self._create(file)
            self._there.add(sent["id"])
        if not has_content(sent, file):
            raise RefusedError("what arrived is not what was sent; publish again")
        return sent

    def _create(self, file: SentFile) -> Resource:
        """A new resource, once: where no answer came, look whether it is there, then try again."""
        for attempt in range(ATTEMPTS):
            try:
                return self._portal.create(file.path, file.sent_name)
            except UnsettledError:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(self._pause * 2**attempt)
                for resource in self._portal.resources():
                    if resource["id"] not in self._there and is_named_like(resource, file):
                        return resource
        raise AssertionError("unreachable")

    def read_back(self, reports: list[FileReport]) -> list[FileReport]:
        """The reports, failed where the portal does not show what was sent."""
        shown = self._portal.resources()
        checked = []
        for report in reports:
            file = self._files[report.name]
            resource = self._known.find(file, shown) or {}
            as_sent = has_content(resource, file) and resource.get("filesize") in (None, file.size)
            if report.done != "failed" and not as_sent:
                reason = "the portal does not show what was sent; publish again"
                report = FileReport(file.name, "failed", report.url, reason)
            checked.append(report)
        return checked

"""The part of udata's API that publishing needs, with its failures in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError
from urllib3.util.retry import Retry

from acv_pipeline.publishing.datagouv.settings import (
    DATASET,
    KEY,
    URL,
    PassingError,
    PublishError,
    Settings,
)

Resource = dict[str, Any]

ATTEMPTS = 5
TIMEOUTS = (10, 60)  # seconds to connect, and to wait for an answer
_LONGEST_PAUSE = 60  # seconds, whatever a server asks for
_GONE = (404, 410)
_OVERLOADED = frozenset({429, 500, 502, 503, 504})


class RefusedError(PublishError):
    """The portal won't take this one file or description."""


class UnsettledError(PassingError):
    """No answer, or a failure, after the request was sent: it may have been carried out."""


class Portal:
    """One data set of a portal; pauses before retries begin with ``pause`` seconds and double."""

    def __init__(self, settings: Settings, pause: float = 1.0) -> None:
        self.settings = settings
        self._address = f"{settings.url}/api/1/datasets/{settings.dataset}/"
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "acv_pipeline"
        if settings.key:
            self._session.headers["X-API-KEY"] = settings.key
        patient = Retry(
            total=ATTEMPTS,
            allowed_methods=None,  # all that is sent this way may be sent twice
            status_forcelist=_OVERLOADED,
            backoff_factor=pause,
            backoff_max=_LONGEST_PAUSE,
            retry_after_max=_LONGEST_PAUSE,
            raise_on_status=False,
        )
        # a new resource sent twice would be there twice: only what was surely not taken
        once = patient.new(read=0, status_forcelist={429})
        self._session.mount(settings.url, HTTPAdapter(max_retries=patient))
        self._session.mount(f"{self._address}upload/", HTTPAdapter(max_retries=once))

    def close(self) -> None:
        """Close connections."""
        self._session.close()

    def resources(self) -> list[Resource]:
        """The data set's resources, as the portal shows them.

        Raises:
            PublishError: there is no such data set, or it cannot be read.
            PassingError: the portal has trouble.
        """
        dataset = self._json("GET", "", "resources")
        if dataset.get("deleted"):
            raise PublishError(f"the data set {self.settings.dataset} was deleted on the portal")
        found: list[Resource] = dataset["resources"]
        return found

    def create(self, path: Path, name: str) -> Resource:
        """Upload a file as a new resource.

        Raises:
            UnsettledError: look whether it is there before trying again.
            RefusedError: this file is not taken.
        """
        return self._upload("upload/", path, name)

    def replace(self, resource_id: str, path: Path, name: str) -> Resource:
        """Upload a file in the place of a resource's present one; its stable address stays.

        Raises:
            RefusedError: this file is not taken.
        """
        return self._upload(f"resources/{resource_id}/upload/", path, name)

    def describe(self, resource_id: str, metadata: dict[str, Any]) -> Resource:
        """Set the named metadata of a resource; others stay.

        Raises:
            RefusedError: it is not taken.
        """
        return self._json("PUT", f"resources/{resource_id}/", "id", json=metadata)

    def content(self, url: str) -> bytes | None:
        """A published file, asked for without the key; None where there is none any more.

        Raises:
            PassingError: it cannot be read now.
            PublishError: it may not be read.
        """
        with requests.Session() as anonymous:
            anonymous.mount("https://", self._session.get_adapter(self.settings.url))
            anonymous.mount("http://", self._session.get_adapter(self.settings.url))
            try:
                response = anonymous.get(url, timeout=TIMEOUTS)
            except requests.RequestException as error:
                raise PassingError(f"cannot read {url}: {_reason(error)}") from None
            if response.status_code in _GONE:
                return None
            if not response.ok:
                is_passing = response.status_code in _OVERLOADED
                kind = PassingError if is_passing else PublishError
                raise kind(f"cannot read {url}: status {response.status_code}")
            return response.content

    def _upload(self, where: str, path: Path, name: str) -> Resource:
        with path.open("rb") as file:
            return self._json("POST", where, "id", files={"file": (name, file)})

    def _json(self, method: str, where: str, needed: str, **content: Any) -> dict[str, Any]:
        """The answer, which has the key ``needed``: a page for people in its place is trouble."""
        response = self._call(method, where, **content)
        try:
            answer = response.json()
        except requests.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict) or needed not in answer:
            raise UnsettledError(
                f"{self.settings.url} answers with something else than its documented answer"
                f" (status {response.status_code}, no {needed}): it may be under maintenance"
            )
        return answer

    def _call(self, method: str, where: str, **content: Any) -> requests.Response:
        try:
            response = self._session.request(
                method,
                self._address + where,
                timeout=TIMEOUTS,
                allow_redirects=False,  # the key is for this portal only
                **content,
            )
        except requests.RequestException as error:
            raise UnsettledError(f"{self.settings.url} does not answer: {_reason(error)}") from None
        if response.ok and not response.is_redirect:
            return response
        raise _failure(response, self.settings)


def _failure(response: requests.Response, settings: Settings) -> PublishError:
    status, dataset = response.status_code, settings.dataset
    if response.is_redirect:
        return PublishError(
            f"{settings.url} sends us elsewhere ({response.headers['Location']}): set {URL} to"
            " the portal's own address"
        )
    if status == 401:
        return PublishError(f"the portal does not know the key (401): check {KEY}")
    if status == 403:
        return PublishError(
            f"the key's owner may not edit the data set {dataset} (403): join its organisation,"
            f" or use another key in {KEY}"
        )
    if status in _GONE:
        gone = "has deleted" if status == 410 else "has no"
        return PublishError(
            f"{settings.url} {gone} data set {dataset}, or a resource of it ({status}): check"
            f" {DATASET}"
        )
    if status == 413:
        return RefusedError("too large for the portal (413)")
    if status in _OVERLOADED:
        return UnsettledError(
            f"{settings.url} is failing (status {status}), also after {ATTEMPTS} tries"
        )
    told = _told(response)
    if settings.key:
        told = told.replace(settings.key, "…")  # should it repeat what it was sent
    return RefusedError(f"the portal refuses it ({status}): {told}")


def _told(response: requests.Response) -> str:
    """What the portal says of a request that it refuses, in one line."""
    try:
        answer = response.json()
    except ValueError:
        return response.reason or "no reason given"
    told = {key: answer[key] for key in ("message", "error", "errors") if answer.get(key)}
    return "; ".join(map(str, told.values()))[:500] or "no reason given"


def _reason(error: requests.RequestException) -> str:
    """Why there was no answer, without addresses and objects of the libraries."""
    after_retries = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.Timeout) or isinstance(after_retries, ReadTimeoutError):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    return "no connection, or it was cut"

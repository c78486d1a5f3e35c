"""Where lineage events go: OpenLineage's standard variables; nowhere until one of them is set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from acv_pipeline.environment.secret import SUFFIX, secret

URL, KEY, ENDPOINT = "OPENLINEAGE_URL", "OPENLINEAGE_API_KEY", "OPENLINEAGE_ENDPOINT"
NAMESPACE = "OPENLINEAGE_NAMESPACE"
# of these the client's library makes what it needs by itself
_OF_THE_LIBRARY = ("OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT")
# for one request; an event that is not taken is not sent again
PATIENCE_SECONDS = 5.0


def is_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether events are asked for."""
    if environment.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    return any(
        value.strip() and (name in (URL, URL + SUFFIX) or name.startswith(_OF_THE_LIBRARY))
        for name, value in environment.items()
    )


def namespace(environment: Mapping[str, str] = os.environ) -> str:
    """What the pipeline's jobs belong to."""
    return environment.get(NAMESPACE, "").strip() or "acv_pipeline"


def receiver(environment: Mapping[str, str] = os.environ) -> dict[str, Any] | None:
    """How to reach it over HTTP; None where the client's library finds that out by itself.

    Raises:
        SecretError: its address or key cannot be read.
    """
    url, key = secret(URL, environment).strip(), secret(KEY, environment).strip()
    if not url:
        return None
    reached: dict[str, Any] = {
        "url": url,
        "timeout": PATIENCE_SECONDS,
        "retry": {"total": 0, "status_forcelist": []},
    }
    if endpoint := environment.get(ENDPOINT, "").strip():
        reached["endpoint"] = endpoint
    if key:
        reached["auth"] = {"type": "api_key", "apiKey": key}
    return reached

"""Somebody who signs in by OpenID Connect, without a browser."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import requests

from acv_pipeline_tests.deployment.machine import PATIENCE_SECONDS, Machine

LAUNCH = """
    mutation ($job: String!, $config: RunConfigData!, $tags: [ExecutionTag!]) {
        launchRun(executionParams: {
            selector: {
                repositoryName: "__repository__", repositoryLocationName: "acv_pipeline",
                pipelineName: $job
            },
            runConfigData: $config, executionMetadata: {tags: $tags}
        }) { __typename ... on LaunchRunSuccess { run { runId } } }
    }
"""
RUN = """
    query ($run: ID!) {
        runOrError(runId: $run) { ... on Run { status tags { key value } } }
    }
"""
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


class Someone:
    """A browser's part of signing in, and what the UI asks then."""

    def __init__(self, machine: Machine, name: str = "") -> None:
        self.machine = machine
        self.session = requests.Session()
        self.session.trust_env = False  # the certificate below counts, and no proxy
        self.session.verify = str(machine.root / "etc/acv/tls/certificate.pem")
        if name:
            form = self.ask("GET", "/")
            assert urlsplit(form.url).port == machine.provider, form.url
            self.ask_at("POST", form.url, data={"sub": name})

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.ask_at(method, self.machine.signed_in_origin + path, **more)

    def ask_at(self, method: str, address: str, **more: Any) -> requests.Response:
        return self.session.request(method, address, timeout=120, **more)

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        asked = {"query": query, "variables": variables}
        said = self.ask("POST", "/graphql", json=asked)
        assert said.ok and "errors" not in said.json(), said.text
        (only,) = said.json()["data"].values()
        return dict(only)

    def launch(self, job: str, month: str, **config: Any) -> dict[str, Any]:
        """A run, with a tag that says it is somebody else's."""
        tags = [{"key": "dagster/partition", "value": f"{month}-01"}]
        forged = [{"key": "user", "value": "somebody else"}]
        return self.graphql(LAUNCH, job=job, config=config, tags=tags + forged)

    def ended(self, launched: dict[str, Any]) -> dict[str, Any]:
        """How a run that was launched ended."""
        assert launched["__typename"] == "LaunchRunSuccess", launched
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            run = self.graphql(RUN, run=launched["run"]["runId"])
            if run["status"] in ENDED:
                return run | {"runId": launched["run"]["runId"]}
            assert time.monotonic() < deadline, (run, self.machine.tail())
            time.sleep(1)

"""``deploy/``: what containers and Kubernetes are told, as far as it can be read without either."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from acv_pipeline.assets.ui import LOCATION
from acv_pipeline.cli.main import COMMANDS
from acv_pipeline.warehouse.migrations import program_version
from acv_pipeline_tests.deployment.machine import MODULES

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE, VALUES = (
    yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    for name in ("compose.yaml", "values.yaml")
)
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
PODS = {"code": CODE, "webserver": VALUES["dagsterWebserver"], "daemon": VALUES["dagsterDaemon"]}
OURS = {name: said for name, said in COMPOSE["services"].items() if "build" in said}


def refused(manifest: dict[str, Any]) -> str:
    """What Kubernetes' own schemas have against it."""
    try:
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        return str(error.message)
    return ""


def pod_of(values: dict[str, Any]) -> dict[str, Any]:
    """A pod with what values say of one, where the chart puts it."""
    container = {
        "name": "dagster",
        "image": f"{values['image']['repository']}:{values['image']['tag']}",
        "imagePullPolicy": values["image"]["pullPolicy"],
        "securityContext": values["securityContext"],
        "volumeMounts": values["volumeMounts"],
        "env": values.get("env", []),
        "envFrom": [{"secretRef": secret} for secret in values.get("envSecrets", [])],
        "resources": values.get("resources", {}),
    }
    if "readinessProbe" in values:
        container["readinessProbe"] = values["readinessProbe"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "dagster"},
        "spec": {
            "containers": [container],
            "securityContext": values["podSecurityContext"],
            "volumes": values["volumes"],
        },
    }


@pytest.mark.parametrize(
    "manifest", MANIFESTS, ids=lambda m: f"{m['kind']} {m['metadata']['name']}"
)
def test_kubernetes_knows_every_word_of_the_manifests(manifest: dict[str, Any]) -> None:
    assert refused(manifest) == ""
    assert refused(manifest | {"spec": manifest["spec"] | {"unheardOf": 1}}) != ""


@pytest.mark.parametrize("name", PODS)
def test_kubernetes_knows_every_word_of_the_pods_in_the_values(name: str) -> None:
    assert refused(pod_of(PODS[name])) == ""
    slip = PODS[name]["securityContext"] | {"readOnlyRootFileSystem": True}
    assert refused(pod_of(PODS[name] | {"securityContext": slip})) != ""


def containers_of_kubernetes() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The settings of every pod and its container that concern what it may do."""
    (front,) = [m["spec"]["template"]["spec"] for m in MANIFESTS if m["kind"] == "Deployment"]
    (container,) = front["containers"]
    return {
        name: (said["podSecurityContext"], said["securityContext"]) for name, said in PODS.items()
    } | {"front": (front["securityContext"], container["securityContext"])}


@pytest.mark.parametrize("name", [*PODS, "front"])
def test_no_pod_is_root_or_writes_to_its_image(name: str) -> None:
    pod, container = containers_of_kubernetes()[name]
    assert pod["runAsNonRoot"] and pod["runAsUser"] == (33 if name == "front" else 10001)
    assert container["readOnlyRootFilesystem"] and not container["allowPrivilegeEscalation"]
    assert container["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("name", OURS)
def test_no_container_may_do_more_than_it_has_to(name: str) -> None:
    said = OURS[name]
    assert said["read_only"] and said["cap_drop"] == ["ALL"]
    assert said["security_opt"] == ["no-new-privileges:true"]
    assert ("ports" in said) == (name == "front"), "the proxy alone is reached from outside"


def test_the_home_has_one_writer_in_kubernetes() -> None:
    writers = [
        name for name, said in PODS.items()
        if {"claimName": "acv-data"} in [v.get("persistentVolumeClaim") for v in said["volumes"]]
    ]  # fmt: skip
    assert writers == ["code"]
    assert VALUES["runLauncher"]["config"]["customRunLauncher"]["class"] == "DefaultRunLauncher"


def test_what_compose_asks_for_is_in_the_example_and_nothing_else() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    assert asked == set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))


def test_everything_is_of_this_version() -> None:
    files = [path for path in DEPLOY.iterdir() if path.is_file()]
    tags = {
        tag for path in files
        for tag in re.findall(r"acv-(?:pipeline|front):([\w.]+)", path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert tags | {CODE["image"]["tag"]} == {program_version()}


@pytest.mark.parametrize("service", ["code", "daemon", "web", "prepare"])
def test_the_commands_of_the_containers_exist(service: str) -> None:
    program, *words = OURS[service]["command"]
    if program == "python":
        assert words == ["-m", "acv_pipeline.orchestration.instance"]
        return
    command = [str(Path(sys.executable).with_name(program)), *words, "--help"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    command[1:] = ["--unheard-of", *words]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


@pytest.mark.parametrize("page", ["deployment", "containers", "kubernetes"])
def test_the_commands_of_the_pages_exist(page: str) -> None:
    """Those of the pipeline, wherever they are run."""
    text = (DEPLOY.parent / "docs" / f"{page}.md").read_text(encoding="utf-8")
    block = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    asked = re.findall(r"(?:code|--|acv-shell) acv ([a-z-]+)", block)
    assert asked and set(asked) <= set(COMMANDS)
    services = set(re.findall(r"(?:exec|run --rm .*?)\s?(\w+) acv", block))
    services |= {name for stop in re.findall(r" stop ([\w ]+)", block) for name in stop.split()}
    assert page != "containers" or (services and services <= set(COMPOSE["services"]))
    if page == "kubernetes":
        secrets = set(re.findall(r"secret \w+ ([\w-]+)", block))
        everything = "".join((DEPLOY / f).read_text() for f in ("values.yaml", "kubernetes.yaml"))
        assert secrets and all(f": {name}" in everything for name in secrets)


def test_apache_has_the_same_modules_in_the_image_on_the_page_and_in_the_tests() -> None:
    page = (DEPLOY.parent / "docs" / "sign-in.md").read_text(encoding="utf-8")
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    asked = [re.search(r"a2enmod ([a-z_ ]+)", text) for text in (page, image)]
    enabled = [set(found[1].split()) for found in asked if found]
    assert len(enabled) == 2 and enabled[0] == enabled[1] <= set(MODULES)


def test_the_chart_starts_the_same_code_server() -> None:
    assert [CODE["port"], *CODE["dagsterApiGrpcArgs"]] == [
        4266,
        "--module-name",
        "acv_pipeline.definitions",
    ]
    (server,) = VALUES["dagsterWebserver"]["workspace"]["servers"]
    assert server == {"host": CODE["name"], "port": CODE["port"], "name": LOCATION}
    command = " ".join(OURS["code"]["command"])
    assert "--module-name acv_pipeline.definitions" in command and "--port 4266" in command

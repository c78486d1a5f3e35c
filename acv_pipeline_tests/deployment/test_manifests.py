"""``deploy/``: what containers and Kubernetes are told, as far as it can be read without either."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import requests
import yaml

from acv_pipeline.assets.ui import LOCATION
from acv_pipeline.cli.main import COMMANDS
from acv_pipeline.environment.storage_url import storage_url
from acv_pipeline.operations.alerts.channels import configured
from acv_pipeline.warehouse.migrations import program_version
from acv_pipeline_tests.deployment.machine import (
    APACHE_MODULES,
    MODULES,
    PATIENCE_SECONDS,
    assignments,
    free_ports,
    missing,
)

DEPLOY = Path(__file__).parents[2] / "deploy"
DEPLOYMENT = DEPLOY.parent / "docs" / "deployment"
COMPOSE, VALUES = (
    yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    for name in ("compose.yaml", "values.yaml")
)
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
(OBSERVER,) = CODE["sidecarContainers"]
PODS = {"code": CODE, "webserver": VALUES["dagsterWebserver"], "daemon": VALUES["dagsterDaemon"]}
# of variables: what they hold is one, unless it is the name of a file with one
HOLDS_A_SECRET = re.compile(r"(PASSWORD|SECRET|_KEY|TOKEN|STORAGE_URL|ALERT_URLS)$")
SECRET_FORMS = {"storage-url": "postgresql://u:a@h/d", "alert-urls": "json://127.0.0.1/b"}
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
            "containers": [container, *values.get("sidecarContainers", [])],
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
    } | {
        "front": (front["securityContext"], container["securityContext"]),
        "observe": (CODE["podSecurityContext"], OBSERVER["securityContext"]),
    }


@pytest.mark.parametrize("name", [*PODS, "front", "observe"])
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
    if name == "observe":
        assert said["ports"] == ["127.0.0.1:3002:3002"]
    else:
        assert ("ports" in said) == (name == "front"), "the proxy alone is reached from outside"


def files_named(environment: dict[str, str]) -> dict[str, str]:
    """The files that variables name, by the variable's name without its ending."""
    return {
        name.removesuffix("_FILE"): file
        for name, file in environment.items() if name.endswith("_FILE")
    }  # fmt: skip


def in_the_open(environment: dict[str, str]) -> list[str]:
    """The variables that hold a secret themselves."""
    return [name for name in environment if HOLDS_A_SECRET.search(name)]


def variables(container: dict[str, Any]) -> dict[str, str]:
    """Those that Kubernetes gives a container."""
    return {said["name"]: said["value"] for said in container.get("env", [])}


def test_compose_gives_every_secret_as_a_file_to_who_reads_it() -> None:
    used = set()
    for name, said in COMPOSE["services"].items():
        environment = said.get("environment", {})
        assert in_the_open(environment) == [], name
        mounted = {f"/run/secrets/{secret}" for secret in said.get("secrets", [])}
        assert set(files_named(environment).values()) == mounted, name
        used |= mounted
    assert used == {f"/run/secrets/{name}" for name in COMPOSE["secrets"]}
    asked = re.findall(r"^([A-Z_]+)=", (DEPLOY / "env.example").read_text("utf-8"), re.MULTILINE)
    assert in_the_open(dict.fromkeys(asked, "")) == []
    for known in ("POSTGRES_PASSWORD", "ACV_STORAGE_URL", "ACV_OIDC_CLIENT_SECRET"):
        assert in_the_open({known: "x", f"{known}_FILE": "x"}) == [known]


def test_the_page_makes_the_secrets_of_compose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (DEPLOY.parent / "docs" / "containers.md").read_text(encoding="utf-8")
    (block,) = re.findall(
        r"^```\n(install --directory --mode 700 deploy/secrets.*?)^```", page, re.M | re.S
    )
    script = re.sub(r"^editor (\S+)$", r"echo something > \1", block, flags=re.MULTILINE)
    script = re.sub(r"^chown .*$", "", script, flags=re.MULTILINE)  # only root may
    subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, check=True)
    made = {path.name: path for path in (tmp_path / "deploy" / "secrets").iterdir()}
    files = {name: said["file"] for name, said in COMPOSE["secrets"].items()}
    assert files == {name: f"./secrets/{name}" for name in made}
    assert all(path.stat().st_mode & 0o077 == 0 for path in made.values())
    monkeypatch.setenv("ACV_STORAGE_URL_FILE", str(made["storage-url"]))
    url = storage_url()
    assert url.password == made["database-password"].read_text().strip() and url.password
    server = COMPOSE["services"]["postgres"]["environment"]
    assert (url.host, url.username, url.database) == (
        "postgres", server["POSTGRES_USER"], server["POSTGRES_DB"],
    )  # fmt: skip
    given = dict(
        re.findall(r"chown (\d+) ([\w -]+?)(?: &&|$)", block.replace("&& chown", "&&\nchown"), re.M)
    )
    for user, service in (("10001", "code"), ("33", "front")):
        assert set(given[user].split()) == set(COMPOSE["services"][service]["secrets"])


def test_kubernetes_mounts_every_secret_for_who_reads_it() -> None:
    (front,) = [m["spec"]["template"]["spec"] for m in MANIFESTS if m["kind"] == "Deployment"]
    (proxy,) = front["containers"]
    page = (DEPLOY.parent / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    for container, volumes, of in (
        (proxy, front["volumes"], "acv-oidc"),
        (CODE, CODE["volumes"], "acv-settings"),
    ):
        (volume,) = [v["name"] for v in volumes if v.get("secret", {}).get("secretName") == of]
        (mount,) = [m for m in container["volumeMounts"] if m["name"] == volume]
        made = re.findall(rf"generic {of} (.*)", page)
        keys = re.findall(r"--from-file=(\S+)", made[0])
        named = files_named(variables(container))
        assert set(named.values()) == {f"{mount['mountPath']}/{key}" for key in keys}
        assert mount["readOnly"]
    for name, pod in (PODS | {"front": proxy}).items():
        assert in_the_open(variables(pod)) == [] and not pod.get("envSecrets"), name


def of_code() -> dict[str, dict[str, str]]:
    """What the code server is told of files, and the names under which they are kept."""
    return {
        "compose": files_named(COMPOSE["services"]["code"]["environment"]),
        "values": files_named(variables(CODE)),
    }


@pytest.mark.parametrize("where", of_code())
def test_the_pipeline_reads_the_files_that_it_is_told_of(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {}
    for name, file in of_code()[where].items():
        path = tmp_path / Path(file).name
        path.write_text(f"{SECRET_FORMS[path.name]}\n", encoding="utf-8")
        here[f"{name}_FILE"] = str(path)
    assert len(here) == 2
    assert [channel.url for channel in configured(here)] == [SECRET_FORMS["alert-urls"]]
    monkeypatch.setenv("ACV_STORAGE_URL_FILE", here["ACV_STORAGE_URL_FILE"])
    assert (storage_url().password, storage_url().drivername) == ("a", "postgresql+psycopg2")


OIDC = ("ACV_OIDC_CLIENT_SECRET", "ACV_OIDC_COOKIE_KEY")


def apaches(**settings: str) -> subprocess.CompletedProcess[str]:
    """What is in Apache's environment for ``apache.conf``, by the script that starts it."""
    script = DEPLOY.parent / "docs" / "deployment" / "oidc-secrets.sh"
    show = f'. {script} && printf "%s|%s" "$ACV_OIDC_CLIENT_SECRET" "$ACV_OIDC_COOKIE_KEY"'
    return subprocess.run(
        ["sh", "-c", show], env={"PATH": os.environ["PATH"], "APACHE_RUN_USER": "x"} | settings,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_apache_takes_its_secrets_from_files(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in OIDC}
    files[OIDC[0]].write_text("first\r\n")
    files[OIDC[1]].write_text("second")
    told = {f"{name}_FILE": str(file) for name, file in files.items()}
    assert apaches(**told).stdout == "first|second"
    for name, file in files.items():
        without = {key: value for key, value in told.items() if key != f"{name}_FILE"}
        said = apaches(**without)
        assert said.returncode == 2 and f"{name}_FILE is not set" in said.stderr
        kept = file.read_text()
        file.write_text("\n")
        said = apaches(**told)
        assert said.returncode == 2 and f"{file} is empty" in said.stderr
        file.write_text("of two\nlines\n")
        said = apaches(**told)
        assert said.returncode == 2 and f"{file} has several lines" in said.stderr
        file.unlink()
        said = apaches(**told)
        assert said.returncode == 2 and str(file) in said.stderr and said.stdout == ""
        file.write_text(kept)


@pytest.mark.parametrize("secret", ['it\'s "a" $b `c` ${d} \\"e\\', '"', "\\", "# %f é"])
def test_apache_starts_with_any_secret_and_has_it_as_it_is(tmp_path: Path, secret: str) -> None:
    if why := missing():
        pytest.skip(why)
    shipped = (DEPLOYMENT / "apache.conf").read_text(encoding="utf-8").split("<VirtualHost")[0]
    assert 'OIDCClientSecret "${ACV_OIDC_CLIENT_SECRET}"' in shipped
    (port,) = free_ports(1)
    tmp_path.chmod(0o755)
    (tmp_path / "apache.conf").write_text(
        "\n".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in MODULES)
        + f"""
            ServerRoot {tmp_path}
            DefaultRuntimeDir {tmp_path}
            PidFile {tmp_path}/pid
            Mutex file:{tmp_path}
            ErrorLog {tmp_path}/log
            User www-data
            Group www-data
            Listen 127.0.0.1:{port}
            ServerSignature EMail
            ServerAdmin "${{ACV_OIDC_CLIENT_SECRET}}"
            {shipped}
        """,
        encoding="utf-8",
    )
    settings = assignments((DEPLOYMENT / "oidc.env").read_text(encoding="utf-8"))
    for name in OIDC:
        (tmp_path / name).write_text(f"{secret}\r\n", encoding="utf-8")
        settings[f"{name}_FILE"] = str(tmp_path / name)
    start = f". {DEPLOYMENT}/oidc-secrets.sh && exec apache2 -f {tmp_path}/apache.conf -DFOREGROUND"
    apache = subprocess.Popen(
        ["sh", "-c", start],
        env=settings | {"PATH": f"{os.environ['PATH']}:/usr/sbin", "APACHE_RUN_USER": "www-data"},
    )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                said = requests.get(f"http://127.0.0.1:{port}/nothing", timeout=60)
                break
            except requests.ConnectionError:
                assert apache.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
        (shown,) = re.findall(r'<a href="mailto:(.*?)">', said.content.decode())
        assert html.unescape(shown) == secret, "as a setting beside it is told it"
    finally:
        apache.terminate()
        apache.wait()


def test_proxy_and_webserver_separate_groups_alike() -> None:
    said = re.findall(r'^OIDCClaimDelimiter "(.)"$', (DEPLOYMENT / "apache.conf").read_text(), re.M)
    settings = assignments((DEPLOYMENT / "acv.env").read_text(encoding="utf-8"))
    places = [
        settings,
        OURS["web"]["environment"],
        {one["name"]: one["value"] for one in VALUES["dagsterWebserver"]["env"]},
    ]
    assert said * 3 == [place["ACV_GROUPS_DELIMITER"] for place in places]


def test_systemd_hands_on_what_it_loads() -> None:
    """Also in the lines that are there to be used if wanted."""
    text = (DEPLOY.parent / "docs" / "deployment" / "acv-secrets.conf").read_text(encoding="utf-8")
    loaded = dict(re.findall(r"^#?LoadCredential=([\w-]+):(\S+)$", text, re.MULTILINE))
    named = dict(re.findall(r"^#?Environment=(\w+)_FILE=%d/([\w-]+)$", text, re.MULTILINE))
    assert set(loaded) == set(named.values()) and len(loaded) == 3
    assert all(file == f"/etc/acv/secrets/{name}" for name, file in loaded.items())
    page = (DEPLOY.parent / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert all(f"| `{variable}_FILE` |" in page for variable in named)


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


@pytest.mark.parametrize("service", ["code", "daemon", "web", "observe", "prepare"])
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


def test_all_that_is_started_is_told_the_form_of_its_log(tmp_path: Path) -> None:
    """Dagster's own programs as a word, since they read no variable of ours."""
    word = COMPOSE["x-pipeline"]["environment"]["ACV_LOG_FORMAT"]
    assert all(word in [*said["command"], said["environment"]["ACV_LOG_FORMAT"]]
               for name, said in OURS.items() if name != "front")  # fmt: skip
    commands = [OURS[name]["command"] for name in ("code", "daemon")]
    assert all(command[-2:] == ["--log-format", word] for command in commands)

    (told,) = {variables(said)["ACV_LOG_FORMAT"] for said in [*PODS.values(), OBSERVER]}
    assert CODE["dagsterApiGrpcArgs"][-2:] == ["--log-format", told]
    assert variables(PODS["daemon"])["PATH"].startswith("/opt/acv/chart:")
    (tmp_path / "dagster-daemon").write_text('#!/bin/sh\necho "$@"\n', encoding="utf-8")
    (tmp_path / "dagster-daemon").chmod(0o755)
    script = (DEPLOY / "dagster-daemon").read_text(encoding="utf-8")
    said = subprocess.run(
        ["sh", "-c", script.replace("/opt/acv/bin", str(tmp_path)), "dagster-daemon", "run"],
        capture_output=True, text=True, check=False, env={"ACV_LOG_FORMAT": "json"},
    )  # fmt: skip
    assert said.stdout == "run --log-format json\n", said


def test_the_shell_of_the_server_finds_the_program(tmp_path: Path) -> None:
    """As ``systemd-run`` does: along the path of whoever calls it."""
    programs = {"systemd-run": 'shift $(($# - 2)); exec "$@"', "acv": 'echo "acv $*"'}
    for name, does in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    text = (DEPLOY.parent / "docs" / "deployment" / "acv-shell").read_text(encoding="utf-8")
    here = text.replace("/opt/acv/.venv/bin", str(tmp_path))
    said = subprocess.run(
        ["sh", "-c", here, "acv-shell", "acv", "status"],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert said.stdout == "acv status\n", said


def test_apache_has_the_same_modules_in_the_image_on_the_page_and_in_the_tests() -> None:
    page = (DEPLOY.parent / "docs" / "sign-in.md").read_text(encoding="utf-8")
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    asked = [re.search(r"a2enmod ([a-z_ ]+)", text) for text in (page, image)]
    enabled = [set(found[1].split()) for found in asked if found]
    assert len(enabled) == 2 and enabled[0] == enabled[1] <= set(MODULES)


def test_the_proxy_passes_on_to_the_webserver() -> None:
    """By the names that the chart gives: release ``acv``, then what it is to be called."""
    (front,) = [m["spec"]["template"]["spec"] for m in MANIFESTS if m["kind"] == "Deployment"]
    webserver = VALUES["dagsterWebserver"]
    name, port = f"acv-{webserver['nameOverride']}", webserver["service"]["port"]
    assert variables(front["containers"][0])["ACV_WEBSERVER"] == f"http://{name}:{port}"
    (port_of_compose,) = re.findall(r"--port (\d+)", " ".join(OURS["web"]["command"]))
    told = OURS["front"]["environment"]["ACV_WEBSERVER"]
    assert told == f"http://web:{port_of_compose}"


def test_the_chart_starts_the_same_code_server() -> None:
    assert CODE["port"] == 4266
    assert CODE["dagsterApiGrpcArgs"][:2] == ["--module-name", "acv_pipeline.definitions"]
    assert CODE["deploymentStrategy"] == {"type": "Recreate"}, "the home is one pod's"
    (server,) = VALUES["dagsterWebserver"]["workspace"]["servers"]
    assert server == {"host": CODE["name"], "port": CODE["port"], "name": LOCATION}
    command = " ".join(OURS["code"]["command"])
    assert "--module-name acv_pipeline.definitions" in command and "--port 4266" in command


def test_who_watches_machines_reaches_the_observer() -> None:
    """The same command in both places; in Kubernetes in the only pod that has the home."""
    assert OBSERVER["command"] == OURS["observe"]["command"]
    port = int(OBSERVER["command"][-1])
    assert [said["containerPort"] for said in OBSERVER["ports"]] == [port]
    (service,) = [m for m in MANIFESTS if m["metadata"]["name"] == "acv-observe"]
    (policy,) = [m for m in MANIFESTS if m["metadata"]["name"] == "acv-code"]
    assert service["spec"]["selector"] == policy["spec"]["podSelector"]["matchLabels"]
    assert service["spec"]["selector"]["deployment"] == CODE["name"]
    assert [said["port"] for said in service["spec"]["ports"]] == [port]
    assert {"port": port} in [p for rule in policy["spec"]["ingress"] for p in rule["ports"]]
    assert OBSERVER["env"] == CODE["env"] and "readinessProbe" not in OBSERVER
    assert all(mount in CODE["volumeMounts"] for mount in OBSERVER["volumeMounts"])


def test_the_landing_zone_may_be_named_by_a_file() -> None:
    """The image names none, which would stand beside ``ACV_LANDING_FILE``."""
    assert "ACV_LANDING=" not in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    place = variables(CODE)["ACV_LANDING"]
    assert place in [mount["mountPath"] for mount in CODE["volumeMounts"]]
    for name in ("code", "daemon", "observe"):
        said = OURS[name]
        assert said["environment"]["ACV_LANDING"] == place
        assert f"${{ACV_LANDING:?}}:{place}:ro" in said["volumes"]

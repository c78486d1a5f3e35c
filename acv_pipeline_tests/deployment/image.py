"""The image's file system, made without a container engine by the steps of its Dockerfile.

Debian's debootstrap makes the base; every ``RUN`` is run in it by ``chroot``, every ``COPY`` is a
copy. There is no second list of steps: what is here is how to read one.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
# an engine has its own of these; here they are this machine's: its way to packages
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def missing() -> str | None:
    """What this machine lacks to make one."""
    if os.geteuid() != 0:
        return "only root can make a file system of its own"
    for program in ("debootstrap", "chroot", "unshare"):
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
            return f"{program} is not installed"
    return None


@dataclass
class Stage:
    """A part of the Dockerfile, from one ``FROM`` to the next, and the tree it has become."""

    base: str
    name: str
    tree: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    command: list[str] = field(default_factory=list)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Those of a Dockerfile, each with what stands behind it."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", kept).splitlines():
        if line.strip():
            name, rest = line.split(maxsplit=1)
            yield name.upper(), rest.strip()


class Image:
    """The stages of the Dockerfile as trees below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stages: dict[str, Stage] = {}
        self.seconds: dict[str, float] = {}

    def build(self, *wanted: str) -> None:
        """Run all steps of the stages that are wanted; the last has no name, and always is."""
        skipped = False
        for name, rest in instructions(DOCKERFILE.read_text(encoding="utf-8")):
            if name == "FROM":
                base, *called = rest.split()
                title = called[1] if called else ""
                skipped = bool(title) and title not in wanted
                if not skipped:
                    self.stages[title] = stage = self._begun(base, title)
            elif not skipped:
                began = time.monotonic()
                self._do(stage, name, rest)
                self.seconds[f"{stage.name} {name} {rest[:40]}"] = time.monotonic() - began

    def _begun(self, base: str, name: str) -> Stage:
        began = time.monotonic()
        pristine = self.folder / base.replace(":", "-")
        if not pristine.exists():
            suite = re.fullmatch(r"debian:([a-z]+)-slim", base)
            assert suite, f"{base}: only Debian's own can be made here"
            debootstrap = shutil.which("debootstrap", path=f"{os.environ['PATH']}:/usr/sbin")
            making = ["unshare", "--mount", "--propagation", "private"]  # it mounts, too
            making += [str(debootstrap), "--variant=minbase", suite[1], str(pristine), _mirror()]
            subprocess.run(making, check=True, stdout=subprocess.DEVNULL)
        tree = self.folder / (name or "image")
        subprocess.run(["cp", "--archive", "--reflink=auto", pristine, tree], check=True)
        self.seconds[f"{name} FROM {base}"] = time.monotonic() - began
        return Stage(base, name, tree)

    def _do(self, stage: Stage, name: str, rest: str) -> None:
        if name == "RUN":
            self._run(stage, rest)
        elif name == "COPY":
            self._copy(stage, rest)
        elif name == "ENV":
            stage.environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
        elif name == "WORKDIR":
            stage.folder = rest
            (stage.tree / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "USER":
            stage.user = rest
        elif name == "CMD":
            stage.command = json.loads(rest)
        else:
            raise AssertionError(f"{name}: nobody has said here what that does")

    def _run(self, stage: Stage, command: str) -> None:
        network = {CERTIFICATES: "/run/certificates.crt"}
        settings = {"PIP_CERT": "/run/certificates.crt", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(
            inside(
                stage, ["sh", "-c", command], settings | stage.environment,
                files=network, writable=True,
            ),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"RUN {command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"

    def _copy(self, stage: Stage, rest: str) -> None:
        *sources, target = rest.split()
        place = stage.tree / os.path.join(stage.folder, target).lstrip("/")  # noqa: PTH118
        if sources[0].startswith("--from="):
            whole = self.stages[sources.pop(0).removeprefix("--from=")].tree
            sources = [str(whole / source.lstrip("/")) for source in sources]
        else:
            allowed = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().splitlines()
            assert {f"!{source}" for source in sources} <= set(allowed), f"COPY {rest}: left out"
            sources = [str(ROOT / source) for source in sources]
        for source in map(Path, sources):
            if source.is_dir():  # its content, as Docker has it
                leave = shutil.ignore_patterns("__pycache__") if ROOT in source.parents else None
                shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True, ignore=leave)
            elif target.endswith("/"):
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, place)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, place)


def inside(
    stage: Stage,
    command: list[str],
    environment: Mapping[str, str],
    *,
    files: Mapping[Path, str],
    writable: bool = False,
    tmpfs: tuple[str, ...] = ("/run",),
    alone: bool = False,
) -> list[str]:
    """The command that runs one in a stage's tree, as an engine would.

    Args:
        files: of this machine, and where they are in there.
        writable: whether the tree itself may be written to.
        tmpfs: folders that are writable and forgotten, as ``compose.yaml`` has them.
        alone: whether it sees no processes but its own, and is number 1 of them.
    """
    tree = stage.tree
    steps = [
        f"mount --bind {tree} {tree}",
        f"mount -t proc proc {tree}/proc",
        f"mount --rbind /dev {tree}/dev",
    ]
    for folder, _, options in (entry.partition(":") for entry in tmpfs):
        steps += [f"mkdir -p {tree}{folder}"]
        steps += [f"mount -t tmpfs -o {options or 'mode=1777'} tmpfs {tree}{folder}"]
    for here, there in files.items():
        make = "mkdir -p {0}" if here.is_dir() else "mkdir -p $(dirname {0}) && touch {0}"
        steps += [make.format(f"{tree}{there}"), f"mount --bind {here} {tree}{there}"]
    if not writable:
        steps.append(f"mount -o remount,bind,ro {tree}")
    given = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    pairs = [f"{name}={value}" for name, value in (given | dict(environment)).items()]
    enter = ["chroot", f"--userspec={stage.user}", "--groups=", str(tree), "/usr/bin/env", "-i"]
    start = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', stage.folder, *command]
    script = "\n".join(["set -e", *steps, f"exec {shlex.join([*enter, *pairs, *start])}"])
    apart = ["--pid", "--fork", "--kill-child"] if alone else []
    return ["unshare", "--mount", *apart, "--propagation", "private", "sh", "-c", script]


def _mirror() -> str:
    """Where this machine has Debian's packages from."""
    for place in [*sorted(Path("/etc/apt").rglob("*.sources")), Path("/etc/apt/sources.list")]:
        text = place.read_text() if place.exists() else ""
        if found := re.search(r"^(?:URIs:|deb) *(?:\[.*\] *)?(http\S*/debian/?)\s", text, re.M):
            return found[1]
    raise AssertionError("/etc/apt names no source of Debian's packages")

"""What looks at the modules and the image. Each is given a folder that has both, and says what is wrong, or nothing."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from terraform.checks import closed
from terraform.checks.names import KINDS, Module, look
from terraform.checks.schema import Wheel
from terraform.checks.stand_in import serving
from terraform.diagram import DRAWN, STALE, drawn

_SECONDS = 300


@dataclass(frozen=True)
class Checker:
    """`look` takes the folder, and where only a part of it is of interest that folder of modules."""

    name: str
    look: Callable[[Path, Path], str]
    needs: str = ""  # a program that not every machine has

    @property
    def is_here(self) -> bool:
        return not self.needs or shutil.which(self.needs) is not None


def checkers(folder: Path) -> dict[str, Checker]:
    """By name; `folder` holds the environments of `.ci/terraform`."""
    wheels = {wheel.provider: wheel for wheel in map(Wheel, sorted((folder / "wheels").glob("*.whl")))}
    found = (
        Checker("names", lambda root, part: "\n".join(str(f) for f in look(root / part, wheels))),
        Checker("closed", lambda root, part: "\n".join(str(f) for f in closed.look(root / part))),
        Checker("terraform fmt", _format, "terraform"),
        Checker("terraform validate and test", lambda root, part: _validate(root / part, wheels), "terraform"),
        Checker("checkov", lambda root, part: _checkov(root, part, folder / "checkov/bin/checkov")),
        Checker("hadolint", lambda root, part: _said([str(folder / "names/bin/hadolint"), "Dockerfile"], root)),
        Checker("diagram", lambda root, part: _diagram(root)),
    )
    return {checker.name: checker for checker in found}


def _format(root: Path, part: Path) -> str:
    return _said(["terraform", "fmt", "-check", "-diff", "-recursive", str(part)], root)


def _validate(part: Path, wheels: Mapping[str, Wheel]) -> str:
    """Terraform itself, with stand-ins for the providers: every module validated, and its tests run."""
    folders = sorted({path.parent for path in part.rglob("*.tf") if ".terraform" not in path.parts})
    modules = [Module(folder) for folder in folders]
    modules += [Module(folder / source) for module in modules for folder, source in _sources(module)]
    used = {
        kind: {block.labels[0] for m in modules for block in m.things.values() if KINDS[block.kind] == kind}
        for kind in KINDS.values()
    }
    needed = {name for module in modules for name in module.required}
    with serving([wheels[name].schema for name in sorted(needed)], used) as environment:
        said = (_module(folder, environment) for folder in folders)
        return "\n".join(filter(None, said))


def _sources(module: Module) -> list[tuple[Path, str]]:
    found = (call.attribute("source") for call in module.calls.values())
    return [(module.folder, source.text or "") for source in found if source is not None]


def _module(folder: Path, environment: Mapping[str, str]) -> str:
    if not any(folder.glob("tests/*.tftest.hcl")):
        return f"{folder}: there is no test"
    for words in (["init", "-backend=false"], ["validate"], ["test"]):
        if said := _said(["terraform", *words, "-no-color"], folder, environment):
            return f"{folder}: terraform {words[0]}\n{said}"
    return ""


def _checkov(root: Path, part: Path, program: Path) -> str:
    common = ["--quiet", "--compact", "--skip-download"]
    said = _said([str(program), "--directory", str(part), "--framework", "terraform", *common], root)
    return said or _said([str(program), "--file", "Dockerfile", "--framework", "dockerfile", *common], root)


def _diagram(root: Path) -> str:
    same = (root / DRAWN).read_text(encoding="utf-8") == drawn(root / "terraform")
    return "" if same else STALE


def _said(command: list[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What a command that fails prints."""
    settings = {"TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **settings, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
    )
    return "" if done.returncode == 0 else done.stdout.strip() or f"{command[0]} ended with {done.returncode}"

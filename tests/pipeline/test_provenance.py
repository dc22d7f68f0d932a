"""Where a stage ran: the commit of its code, versions and the machine."""

import re
import subprocess
from pathlib import Path

import pytest

from stages.pipeline import provenance


def git(*words: str) -> None:
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *name, *words], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("changed", "ending"), [([], ""), (["params.yaml"], ""), (["stages/a.py"], "+")]
)
def test_the_commit_says_whether_code_was_changed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: list[str], ending: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stages").mkdir()
    for name in ("params.yaml", "stages/a.py"):
        Path(name).write_text("a = 1\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    for name in changed:
        Path(name).write_text("a = 2\n")
    assert re.fullmatch(r"[0-9a-f]{10}" + re.escape(ending), provenance.code_commit() or "")


def test_without_a_repository_there_is_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.code_commit() is None


def test_versions_and_machine_are_named() -> None:
    assert re.match(r"python 3\.\d+\.\d+, torch \d.*, polars \d", provenance.package_versions())
    assert re.search(r", \d+ cores?, \d+ GiB", provenance.machine_name())


@pytest.mark.parametrize(
    ("models", "said"),
    [([], []), (["NVIDIA H200"], ["NVIDIA H200"]), (["A", "A", "B"], ["2 × A", "B"])],
)
def test_gpus_are_counted_by_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: list[str], said: list[str]
) -> None:
    for number, model in enumerate(models):
        (tmp_path / str(number)).mkdir()
        (tmp_path / f"{number}/information").write_text(f"Model: \t\t {model}\nIRQ: 1\n")
    monkeypatch.setattr(provenance, "GPU_FOLDERS", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    names = provenance.machine_name().split(" GiB")[1].split(", ")[1:]
    assert names == said

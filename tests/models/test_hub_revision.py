"""Commits of the hub: asked for once, read, and recorded. The hub is a stand-in."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest

from schemas.errors import RatchetError
from stages.models import hub_revision
from stages.models.hub_revision import find_commit, is_commit
from stages.models.model_source import fetch
from stages.tasks.source import HubId, parse_id

OLD, NEW = "0" * 40, "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the hub is asked; it knows a/b alone, of which NEW is the newest commit."""
    questions: list[tuple[Any, ...]] = []

    class Hub:
        def repo_info(self, name: str, *, revision: Any, repo_type: str, timeout: int) -> Any:
            questions.append((name, revision, repo_type))
            if name != "a/b":
                raise OSError("no such thing")
            return SimpleNamespace(sha=NEW)

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    hub_revision.find_commit.cache_clear()
    return questions


@pytest.mark.parametrize(
    ("name", "revision", "commit", "n_asked"),
    [("a/b", None, NEW, 1), ("a/b", "v1", NEW, 1), ("a/b", OLD, OLD, 0), ("a/c", None, None, 1)],
)
def test_the_hub_is_asked_once_and_never_for_a_commit(
    asked: list[Any], name: str, revision: str | None, commit: str | None, n_asked: int
) -> None:
    assert [find_commit(name, revision, "model") for _ in range(2)] == [commit, commit]
    assert len(asked) == n_asked


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("a/b", HubId("a/b")),
        ("a/b:c", HubId("a/b", "c")),
        ("a/b:c@test", HubId("a/b", "c", "test")),
        (f"a/b@{NEW}", HubId("a/b", commit=NEW)),
        (f"a/b:c@test@{NEW}", HubId("a/b", "c", "test", NEW)),
        ("a/b@0123abc", HubId("a/b", split="0123abc")),
    ],
)
def test_what_a_dataset_id_says(text: str, parsed: HubId) -> None:
    assert parse_id(text) == parsed


@pytest.mark.parametrize("revision", [None, "main", "v1.0", "0123abc", NEW.upper(), NEW + "0"])
def test_a_name_that_can_move_is_no_commit(revision: str | None) -> None:
    assert not is_commit(revision) and is_commit(NEW)


def test_the_commit_that_is_downloaded_is_recorded(
    asked: list[Any], checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def download(source: str, *, revision: str, local_dir: Path, ignore_patterns: Any) -> None:
        read.append(revision)
        local_dir.mkdir()
        for file in checkpoint.iterdir():
            (local_dir / file.name).write_bytes(file.read_bytes())

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    row = fetch("a/b", "model.source", tmp_path / "out")
    assert row.to_dicts() == [{"setting": "model.source", "source": "a/b", "hub_commit": NEW}]
    assert read == [NEW]
    assert fetch(str(checkpoint), "model.source", tmp_path / "other").is_empty()


def test_a_revision_that_is_not_there_is_named(asked: list[Any], tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match=f"cannot download a/b at {OLD} "):
        fetch("a/b", "model.source", tmp_path / "out", OLD)

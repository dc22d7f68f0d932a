"""`ratchet ledger`: what is held of which model, and deleting it."""

import json
import subprocess
from hashlib import md5
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from stages.engines.engine import Completion
from stages.engines.ledger import Ledger, ledger_folder
from stages.explore.cli import app
from stages.pipeline.digests import folder_digest

ENGINE, LOST = "transformers-5.0", "0123" * 8


def ratchet(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["ledger", *words], input=answer)


def model(folder: Path, weights: str) -> str:
    """Makes a model folder, one file of it further down; returns its digest."""
    (folder / "adapter").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "adapter-notes").write_text("comes after adapter/ as a path, before it as a text")
    (folder / "adapter" / "weights").write_text(weights)
    return folder_digest(folder)


def git(*words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *who, *words], capture_output=True, check=True)


def committed(folder: Path, branch: str) -> None:
    """Puts a model folder into DVC's cache and a lock file that names it on a branch."""
    listed = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        listed.append({"md5": cached(file.read_bytes()), "relpath": str(file.relative_to(folder))})
    kept = cached(json.dumps(listed).encode(), ".dir")
    out = {"path": f"../{folder}", "md5": kept}
    Path("stages").mkdir(exist_ok=True)
    Path("stages/dvc.lock").write_text(yaml.safe_dump({"stages": {"align@1": {"outs": [out]}}}))
    git("add", "stages/dvc.lock")
    git("commit", "-qm", branch)
    git("branch", "-m", branch)


def cached(content: bytes, kind: str = "") -> str:
    name = md5(content).hexdigest() + kind
    path = Path(".dvc/cache/files/md5", name[:2], name[2:])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return name


@pytest.fixture
def digests(run_folder: Path) -> dict[str, str]:
    """Where each model is → its digest; 10 draws of each, and of a server, are in the ledger."""
    git("init", "-q")
    found = {"models/iteration=0": model(Path("models/iteration=0"), "here")}
    (gone := Path("models/iteration=1")).mkdir()
    found["earlier:models/iteration=1"] = model(gone, "there")
    committed(gone, "earlier")
    (gone / "adapter/weights").write_text("now it is another")
    found["models/iteration=1"] = folder_digest(gone)
    found[""] = LOST
    drawn = {f"{i:032x}": Completion("text", 7, None, "stop") for i in range(10)}
    for name in [f"{ENGINE}-{digest}" for digest in found.values()] + ["openai-ab12ab12"]:
        Ledger(name).add(drawn)
    return found


def test_each_model_is_listed_with_where_it_is(digests: dict[str, str]) -> None:
    rows = {row["model"]: row for row in json.loads(ratchet("--json").stdout)}
    assert rows.pop("ab12ab12")["places"] == ["a server"]
    assert {digest: ",".join(row["places"]) for digest, row in rows.items()} == {
        digest: place for place, digest in digests.items()
    }
    assert {(row["engine"], row["n_draws"], row["n_tokens"]) for row in rows.values()} == {
        (ENGINE, 10, 70)
    }
    shown = ratchet().stdout
    assert all(place in shown for place in digests)
    assert "5 models, 50 draws" in shown and LOST[:12] in shown


def test_pruning_asks_and_deletes_one_model(digests: dict[str, str]) -> None:
    for answer, code in (("n\n", 1), (None, 1), ("y\n", 0)):
        assert (ledger_folder() / f"{ENGINE}-{LOST}").exists()
        shown = ratchet("--prune", LOST[:6], answer=answer)
        assert shown.exit_code == code, shown.output
        if code:
            assert shown.stderr == "ratchet: nothing was deleted: answer y, or give --yes\n"
    assert "deleted: 1 model, 10 draws" in shown.stdout
    assert not (ledger_folder() / f"{ENGINE}-{LOST}").exists()
    assert len([*ledger_folder().iterdir()]) == 4


def test_pruning_what_is_unused_keeps_every_revisions_models(digests: dict[str, str]) -> None:
    assert "deleted: 1 model, 10 draws" in ratchet("--prune-unused", "--yes").stdout
    assert {path.name for path in ledger_folder().iterdir()} == {
        "openai-ab12ab12",
        *(f"{ENGINE}-{digest}" for place, digest in digests.items() if place),
    }
    assert "nothing was deleted" in ratchet("--prune-unused", "--yes").stdout


def test_a_revision_whose_model_is_not_at_hand_is_named(digests: dict[str, str]) -> None:
    for file in Path(".dvc/cache/files/md5").rglob("*.dir"):
        file.unlink()
    shown = ratchet("--prune-unused", answer="n\n").stdout
    assert "not in the cache, so not checked: earlier:models/iteration=1" in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--prune", "01"], "--prune 01: give at least 4 characters of the model"),
        (["--prune", "ffff"], "the ledger has no model ffff…: `ratchet ledger` lists them"),
        (["--prune", "0123"], f"--prune 0123 matches 2 models ({LOST[:-1]}, {LOST}): give more"),
        (["--prune", "0123", "--prune-unused"], "--prune and --prune-unused exclude each other"),
    ],
)
def test_what_can_not_be_pruned_is_one_line(
    run_folder: Path, words: list[str], message: str
) -> None:
    for name in (LOST, LOST[:-1]):
        Ledger(f"{ENGINE}-{name}").add({"a": Completion("text", 7, None, "stop")})
    shown = ratchet(*words)
    assert shown.exit_code == 1 and len([*ledger_folder().iterdir()]) == 2
    assert message in shown.stderr and shown.stderr.count("\n") == 1


def test_an_empty_ledger_is_one_line(run_folder: Path) -> None:
    for words in ([], ["--prune", "abcd"], ["--prune-unused"]):
        assert "is empty: stages that draw fill it" in ratchet(*words).stderr

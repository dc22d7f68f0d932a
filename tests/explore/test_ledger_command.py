"""`ratchet ledger`: what is held of which model, and deleting it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from stages.engines.engine import Completion
from stages.engines.ledger import Ledger, ledger_folder
from stages.explore.cli import app
from stages.pipeline.digests import dvc_hash, folder_digest

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


def git(*words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    return subprocess.run(["git", *who, *words], capture_output=True, check=True).stdout.decode()


def draw(name: str, model: Path | None = None) -> None:
    """10 draws in the ledger's folder of that name, of this model folder if that is known."""
    ledger = Ledger(name)
    if model:
        ledger.record_origin(model, folder_digest(model))
    ledger.add({f"{i:032x}": Completion("text", 7, None, "stop") for i in range(10)})


def drawn_of(folder: Path, weights: str) -> str:
    """Makes a model folder with draws of it; returns the name that the ledger has for them."""
    name = f"{ENGINE}-{model(folder, weights)}"
    draw(name, folder)
    return name


def held() -> set[str]:
    return {path.name for path in ledger_folder().iterdir()}


def committed(folder: Path, branch: str) -> None:
    """Puts a model folder into DVC's cache and a lock file that names it on a branch."""
    files = {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}
    listed = [{"md5": cached(f.read_bytes()), "relpath": n} for n, f in sorted(files.items())]
    kept = cached(json.dumps(listed, sort_keys=True).encode(), ".dir")
    out = {"path": f"../{folder}", "md5": kept}
    Path("stages").mkdir(exist_ok=True)
    Path("models/dvc.lock").write_text(yaml.safe_dump({"stages": {"align@1": {"outs": [out]}}}))
    git("add", "models/dvc.lock")
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
    for name in [*(f"{ENGINE}-{digest}" for digest in found.values()), "openai-ab12ab12"]:
        draw(name)
    found[""] = LOST
    drawn_of(Path("lost"), "lost")
    draw(f"{ENGINE}-{LOST}", Path("lost"))
    shutil.rmtree(ledger_folder() / f"{ENGINE}-{folder_digest(Path('lost'))}")
    shutil.rmtree("lost")
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


def move_to_a_queued_workspace(folder: Path) -> None:
    (queued := Path(".dvc/tmp/exps/tmp1/models/iteration=1")).parent.mkdir(parents=True)
    folder.replace(queued)


def move_to_another_clone(folder: Path) -> None:
    elsewhere = Path.cwd().parent / f"{Path.cwd().name}-clone"
    shutil.copytree(folder, elsewhere)
    Ledger(f"{ENGINE}-{folder_digest(elsewhere)}").record_origin(elsewhere, folder_digest(folder))
    shutil.rmtree(folder)


def commit_and_leave(folder: Path) -> None:
    committed(folder, "main")
    shutil.rmtree(folder)


def leave_in_an_older_commit(folder: Path) -> None:
    commit_and_leave(folder)
    git("rm", "-q", "--cached", "models/dvc.lock")
    git("commit", "-qm", "without")


def leave_in_a_commit_without_its_files(folder: Path) -> None:
    leave_in_an_older_commit(folder)
    shutil.rmtree(".dvc/cache/files")


def leave_in_the_queue(folder: Path) -> None:
    commit_and_leave(folder)
    git("update-ref", "--create-reflog", "-m", "queued", "refs/exps/celery/stash", "HEAD")
    git("checkout", "-q", "--orphan", "other")
    git("commit", "-qm", "other")
    git("branch", "-D", "main")
    git("reflog", "expire", "--expire=now", "HEAD")


def leave_in_the_run_cache(folder: Path) -> None:
    commit_and_leave(folder)
    lock = yaml.safe_load(Path("models/dvc.lock").read_text())
    git("update-ref", "-d", "HEAD")
    git("reflog", "expire", "--expire=now", "--all")
    (run := Path(".dvc/cache/runs/ab/abc/def")).parent.mkdir(parents=True)
    run.write_text(yaml.safe_dump(lock["stages"]["align@1"]))


def keep(folder: Path) -> None:
    pass


@pytest.mark.parametrize(
    "put",
    [
        keep,
        move_to_a_queued_workspace,
        move_to_another_clone,
        commit_and_leave,
        leave_in_an_older_commit,
        leave_in_a_commit_without_its_files,
        leave_in_the_queue,
        leave_in_the_run_cache,
    ],
)
def test_draws_that_can_be_asked_for_again_are_kept(
    run_folder: Path, put: Callable[[Path], None]
) -> None:
    git("init", "-q", "-b", "main")
    Path("models").mkdir()
    name = drawn_of(Path("models/iteration=1"), "used")
    role = f"{ENGINE}-{'5' * 32}"  # of the same model with a system message of its own
    draw(role, Path("models/iteration=1"))
    unused = drawn_of(Path("other"), "unused")
    shutil.rmtree("other")
    put(Path("models/iteration=1"))
    shown = ratchet("--prune-unused", "--yes")
    assert "deleted: 1 model, 10 draws" in shown.stdout, shown.output
    assert unused not in held() and held() == {name, role}


@pytest.mark.parametrize("engine", ["openai", "openai-completions"])
def test_draws_of_servers_are_deleted_only_by_name(run_folder: Path, engine: str) -> None:
    draw(f"{engine}-ab12ab12")
    assert "nothing was deleted" in ratchet("--prune-unused", "--yes").stdout
    assert held() == {f"{engine}-ab12ab12"}
    shown = ratchet("--prune", "ab12", "--yes").stdout
    assert "10 draws" in shown and "of a server" in shown and not held()


def test_draws_of_an_unknown_model_are_deleted_only_by_name(run_folder: Path) -> None:
    draw(f"{ENGINE}-{LOST}")
    shown = ratchet("--prune-unused", "--yes")
    assert f"does not say whose model it is: {ENGINE}-{LOST}" in shown.stderr
    assert f"--prune {LOST[:12]}" in shown.stderr and held() == {f"{ENGINE}-{LOST}"}


def test_a_dry_run_deletes_nothing(digests: dict[str, str]) -> None:
    before = held()
    for words in (["--prune-unused"], ["--prune", LOST[:6]]):
        shown = ratchet(*words, "--dry-run")
        assert f"{ENGINE}-{LOST}: 10 draws" in shown.stdout
        assert "would delete: 1 model, 10 draws" in shown.stdout and held() == before


def test_dvcs_hash_of_a_folder_is_dvcs(run_folder: Path) -> None:
    from dvc.repo import Repo

    model(Path("made"), "weights")
    with Repo.init(no_scm=True) as repo:
        repo.add("made")
    (out,) = yaml.safe_load(Path("made.dvc").read_text())["outs"]
    assert dvc_hash(Path("made")) == out["md5"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--prune", "01"], "--prune 01: give at least 4 characters of the model"),
        (["--prune", "ffff"], "the ledger has no model ffff…: `ratchet ledger` lists them"),
        (["--prune", "0123"], f"--prune 0123 matches 2 models ({LOST[:-1]}, {LOST}): give more"),
        (["--prune", "0123", "--prune-unused"], "--prune and --prune-unused exclude each other"),
        (["--dry-run"], "--dry-run shows what --prune or --prune-unused deletes: give one too"),
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

"""What runs again after which edit; in a place that is odd in every way that a project may be.

The project is a git worktree at a detached HEAD, in a folder with a blank in its name; its cache is
on another disk, where there is one, and its files are links into it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stages.contract.dvc_files import params
from tests.fakes.project_copy import ProjectCopy, ran

pytestmark = pytest.mark.loop
MEMORY = Path("/dev/shm")  # a disk of its own on Linux
FILES = ["task.train.plain=train.jsonl", "task.test.plain=test.jsonl"]
SETTINGS = [
    *("recipe=replay", "engine=replay", "model=none", "iteration=1", "task=plain", *FILES),
    *("engine.file=recorded.jsonl", "engine.correct=[ok]", "+score.annotated.own=judged.jsonl"),
]
SHARE = 'dvc cache dir --local "$(git rev-parse --git-common-dir)/../.dvc/cache"'


def worktree(of: ProjectCopy, name: str) -> ProjectCopy:
    """Another worktree of a project, at its HEAD but on no branch, with the cache of the first."""
    folder = of.folder.parent / name
    assert of.run("git", "worktree", "add", "--detach", str(folder)).returncode == 0
    made = ProjectCopy.at(folder)
    assert made.run("bash", "-c", SHARE).returncode == 0
    return made


def write_rows(folder: Path) -> None:
    """Files of ten problems to train on and five to test on, with recorded solutions."""
    rows = [
        {
            "question": f"Ann has {n} pens and buys {n}. How many?",
            "answer": str(2 * n),
            "rationale": f"{n} + {n} = {2 * n}\nThe answer is {2 * n}.",
            "completion": f"{n} + {n} = {2 * n}\nThe answer is {2 * n + n % 2}.",
            "ok": n % 2 == 0,
        }
        for n in range(2, 17)
    ]
    lines = [json.dumps(row) + "\n" for row in rows]
    for name, part in (("train", lines[:10]), ("test", lines[10:]), ("recorded", lines[:10])):
        (folder / f"{name}.jsonl").write_text("".join(part))
    judged = {"id": "a", "problem": "1 + 1?", "steps": ["1 + 1 = 2"], "label": -1}
    (folder / "judged.jsonl").write_text(json.dumps(judged) + "\n")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectCopy]:
    """The project after its one run."""
    home = tmp_path_factory.mktemp("odd")
    (home / "first").mkdir()
    first = ProjectCopy(home / "first")
    with other_disk(home) as disk:
        (first.folder / ".dvc/cache").symlink_to(disk)
        project = worktree(first, "a work tree")
        project.run("dvc", "config", "--local", "cache.type", "symlink,copy")
        write_rows(project.folder)
        (project.folder / "params.yaml").write_text(params(*SETTINGS))
        stages, printed = project.repro()
        assert {"check", "prepare", "sample@1", "score@1", "report"} <= set(stages), printed
        yield project


@contextmanager
def other_disk(home: Path) -> Iterator[Path]:
    """A folder on another disk than `home`, if there is one."""
    from tempfile import TemporaryDirectory

    is_other = MEMORY.is_dir() and MEMORY.stat().st_dev != home.stat().st_dev
    with TemporaryDirectory(dir=MEMORY if is_other else home) as folder:
        yield Path(folder)


def changed(project: ProjectCopy) -> set[str]:
    """The stages of iteration 1 and before that would run, `check` among them if it must."""
    found = _changed_now(project)
    if "check" in found:  # it gathers what the others read
        checked = project.run("python", "-m", "stages.check")
        assert checked.returncode == 0, checked.stderr
    return found | _changed_now(project)


def _changed_now(project: ProjectCopy) -> set[str]:
    said = project.run("dvc", "status", "--json")
    assert said.returncode == 0, said.stderr
    names = {name.rpartition(":")[2] for name in json.loads(said.stdout)}
    return {name for name in names if name.partition("@")[2] in ("", "0", "1")}


def append(name: str, text: str) -> Callable[[Path], None]:
    """An edit that adds text at the end of a file."""

    def edit(folder: Path) -> None:
        (folder / name).write_text((folder / name).read_text() + text)

    return edit


def set_values(*overrides: str) -> Callable[[Path], None]:
    """An edit of the parameters."""
    return lambda folder: (
        (folder / "params.yaml").write_text(params(*SETTINGS, *overrides)) and None
    )


EVALUATED = ("evaluate@0", "evaluate@1", "review@0", "review@1")
GRADERS = {
    *("check", "prepare", "sample@1", "grade@1", "guide@1", "label@1", "correct@1"),
    *("evaluate@0", "evaluate@1"),
}
EDITS: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "nothing": (lambda folder: None, set()),
    "the time of a data file": (lambda folder: (folder / "train.jsonl").touch(), set()),
    "a training file": (append("train.jsonl", "\n"), {"check", "prepare"}),
    "a test file": (append("test.jsonl", "\n"), {"check", "prepare"}),
    "recorded solutions": (append("recorded.jsonl", "\n"), {"check", "sample@1"}),
    "judged steps": (append("judged.jsonl", "\n"), {"check", "score@1"}),
    "a recipe's value": (set_values("pair.margin=0.2"), {"check", "pair@1", "report"}),
    "the name of a test file": (
        set_values("task.test.plain=./test.jsonl"),
        {"check", "prepare", "base", "simulator", "dedup@1", "correct@1", *EVALUATED, "report"},
    ),
    "a grader": (append("stages/grading/choice.py", "WORD = 1\n"), GRADERS),
    "code of a room": (append("stages/training_rows/gold_rows.py", "WORD = 1\n"),
                       {"check", "prepare", "label@1", "pair@1"}),
    "a comment in a room": (append("stages/training_rows/gold_rows.py", "# said\n"), {"check"}),
    "a query of a room": (append("stages/measures/coverage.sql", "-- said\n"),
                          {"check", "stats@1", "report"}),
    "a comment in a recipe": (append("conf/recipe/sipf.yaml", "# said\n"), {"report"}),
    "a page": (append("docs/methods.md", "More.\n"), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_runs_what_reads_it(odd: ProjectCopy, name: str) -> None:
    edit, expected = EDITS[name]
    before = {path: path.read_text() for path in _edited(odd.folder)}
    edit(odd.folder)
    try:
        found = changed(odd)
    finally:
        for path, text in before.items():
            path.write_text(text)
    if "check" in found:
        assert odd.repro("check")[0] == ["check"]
    assert found == expected


def _edited(folder: Path) -> list[Path]:
    return [*folder.glob("*.jsonl"), folder / "params.yaml", *folder.glob("stages/*/*.py"),
            *folder.glob("stages/*/*.sql"), *folder.glob("conf/recipe/*"),
            *folder.glob("docs/*.md")]  # fmt: skip


def test_an_edited_file_runs_its_reader_and_nothing_else(odd: ProjectCopy) -> None:
    append("judged.jsonl", "\n")(odd.folder)
    assert odd.repro()[0] == ["check", "score@1", "report"]  # which has the costs of both
    stages, printed = odd.repro()
    assert stages == [] and "Data and pipelines are up to date." in printed


def test_a_file_that_is_gone_is_one_line_and_nothing_is_made(odd: ProjectCopy) -> None:
    made = odd.hashes(1)
    (odd.folder / "test.jsonl").rename(odd.folder / "kept.jsonl")
    try:
        done = odd.run("dvc", "repro")
        line = next(line for line in done.stderr.splitlines() if line.startswith("ERROR"))
        assert done.returncode != 0 and "task.test.plain" in line and "check" in line
        (odd.folder / "params.yaml").write_text(params(*SETTINGS, "sample.k=2"))
        stages, printed = odd.repro()
        assert stages == ["check"]
        assert "check: task.test.plain: there is no file test.jsonl: set a local file" in printed
        assert odd.hashes(1).items() <= made.items()
    finally:
        (odd.folder / "kept.jsonl").rename(odd.folder / "test.jsonl")
        (odd.folder / "params.yaml").write_text(params(*SETTINGS))
    assert odd.repro()[0] == ["check"]


def test_the_cache_on_the_other_disk_holds_the_data_and_the_ledger(odd: ProjectCopy) -> None:
    disk = (odd.folder.parent / "first/.dvc/cache").resolve()
    problems = hashlib.md5((odd.folder / "data/problems/part.parquet").read_bytes()).hexdigest()
    assert (disk / "files/md5" / problems[:2] / problems[2:]).is_file()
    where = "from stages.pipeline.cache_dir import cache_dir; print(cache_dir('ledger').resolve())"
    assert odd.run("python", "-c", where).stdout.strip() == str(disk / "ledger")
    assert not (odd.folder / ".dvc/cache").exists()


def test_another_worktree_finds_what_is_there(odd: ProjectCopy) -> None:
    odd.run("git", "add", "-A")
    assert odd.run("git", "commit", "-qm", "the first run").returncode == 0
    another = worktree(odd, "another work tree")
    got = another.run("dvc", "checkout", "--allow-missing", "--quiet")
    assert got.returncode == 0, got.stderr
    stages, printed = another.repro()
    assert stages == [] and "Data and pipelines are up to date." in printed, printed
    assert another.hashes(1) == odd.hashes(1)


def test_an_experiment_on_no_branch_is_kept_and_compared(odd: ProjectCopy) -> None:
    words = [word for name in (*SETTINGS, "dedup.similarity=0.5") for word in ("-S", name)]
    stages, printed = ran(odd.run("dvc", "exp", "run", "-n", "looser", *words))
    assert {"check", "dedup@1"} <= set(stages) and not {"prepare", "sample@1"} & set(stages), (
        printed
    )
    compared = odd.run("ratchet", "compare", "HEAD", "looser", "--json")
    assert compared.returncode == 0, compared.stderr
    named = {row["name"] for row in json.loads(compared.stdout)["parameters"]}
    assert named == {"dedup.similarity"}

"""The `ratchet` command: a table of command lines, the life of ids, methods compared."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from schemas import views
from stages.explore.cli import app
from stages.explore.trace.trace import find
from tests.planted import plant

COMMANDS = [command.callback.__name__ for command in app.registered_commands]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("planted")
    plant(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        yield root


@pytest.fixture(scope="module")
def connected(run: Path) -> Any:
    return views.connect()


def ratchet(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def one(connection: Any, query: str) -> Any:
    """The first value of a query."""
    (value, *_) = connection.execute(query).fetchone()
    return value


# help and errors


@pytest.mark.parametrize("command", COMMANDS)
def test_help_holds_an_example(command: str) -> None:
    shown = ratchet(command, "--help")
    assert shown.exit_code == 0
    assert f"Example: ratchet {command} " in shown.stdout


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom stages.explore.cli import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "print(*{'torch', 'transformers', 'polars', 'duckdb', 'jinja2'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *shown, heavy = done.stdout.split("\n")[:-1]
    assert heavy == ""
    assert all(any(line.strip().startswith(name) for line in shown) for name in COMMANDS)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["compare"], "Missing argument 'A'"),
        (["sql", "--jsn", "from samples"], "No such option: --jsn"),
        (["slq", "from samples"], "No such command 'slq'"),
        (["sql", "from verdict"], "there is no view verdict: did you mean verdicts"),
        (["sql", "from zzz"], "there is no view zzz: `show tables` lists them"),
        (["sql", "select nope from samples"], 'Referenced column "nope" not found'),
        (["sql", "select +"], "Parser Error"),
        (["sql", "select ?"], "Invalid Input Error"),
        (["sql", ""], "sql takes one select"),
        (["sql", "select 1; select 2"], "sql takes one select"),
        (["sql", "drop view samples"], "sql takes one select"),
        (["sql", "copy samples to 'stolen.csv'"], "sql takes one select"),
        (["sql", "explain analyze copy samples to 'stolen.csv'"], "sql takes one select"),
        (["sql", "with a as (copy samples to 'stolen.csv') from a"], "must be at the top level"),
        (["sql", "from samples", "--json", "--csv"], "choose one"),
        (["trace", "abc"], "'abc' is too short: give at least 4 characters"),
        (["trace", "toy-"], "toy- matches 40 ids (problem toy-test-1000"),
        (["trace", "zzzzzz"], "zzzzzz is no sample, path, rollout or problem of this run"),
        (["leaderboard"], "no metrics.json with evaluations"),
    ],
)
def test_errors_are_one_line_and_exit_code_1(run: Path, words: list[str], reason: str) -> None:
    shown = ratchet(*words)
    assert shown.exit_code == 1
    assert shown.stdout == ""
    assert shown.stderr.startswith("ratchet: ") and shown.stderr.count("\n") == 1
    assert reason in shown.stderr
    assert not Path("stolen.csv").exists()


@pytest.mark.parametrize("words", [["sql", "from samples"], ["trace", "abcdef"]])
def test_without_a_run(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = ratchet(*words)
    assert shown.exit_code == 1
    assert shown.stderr == "ratchet: no tables under data/: run `make run` first\n"


def test_a_fault_of_ours_is_no_user_error(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "create_views", lambda *_: 1 / 0)
    assert isinstance(ratchet("sql", "from samples").exception, ZeroDivisionError)


# trace


def test_trace_of_a_sample_tells_its_life(connected: Any) -> None:
    sample, path, problem = connected.execute(
        "select sample_ids[1], path_id, problem_id from paths join pairs using (problem_id) "
        "where chosen_id = path_id and paths.iteration = 1 and pairs.iteration = 1 "
        "and path_id not in (select path_id from paths where iteration = 2) order by path_id"
    ).fetchone()
    shown = ratchet("trace", sample).stdout
    (partner, margin) = connected.execute(
        f"select rejected_id, margin from pairs where chosen_id = '{path}' and iteration = 1"
    ).fetchone()
    for text in (
        f"problem {problem}", "reference", "prompt", f"sample {sample}  iteration 1",
        "planted 1, model mmmmmmmm", "log-probability -3.25 nats", f"path {path}", "mean step",
        f"chosen       {partner}", f"{margin:.6g}", "1, 2", "the problem from iteration 1 on",
    ):  # fmt: skip
        assert text in shown, text
    query = (
        "select trim(steps[step + 1], chr(10)), n_correct, n_rollouts, probability, "
        "truth[step + 1], n_evidence, stop, label "
        "from paths join step_labels using (iteration, path_id) "
        "join step_scores using (iteration, path_id, step) "
        f"where path_id = '{path}' and iteration = 1"
    )
    for text, c, n, chance, sound, known, stop, right in connected.execute(query).fetchall():
        line = next(line for line in shown.splitlines() if f" {text} " in line)
        counted = f"{c}/{n} " if n else ""
        rests = ", 1 right elsewhere" * known + ", inferred" * (stop == "inferred")
        assert f"{counted}{'right' if right else 'wrong'} (rollouts{rests})" in line
        assert f"{chance:.3f}" in line and ("unsound" in line) is not sound


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("select sample_id from samples where stage = 'guide'", ["hint", "0.0% of the rationale"]),
        ("select sample_id from verdicts where outcome = 'wrong'", ["verdict", "wrong: found 999"]),
        ("select sample_id from verdicts where outcome = 'correct'", ["correct: found"]),
        ("select path_id from paths where not kept", ["duplicate of"]),
        (
            "select path_id from paths group by path_id having count(distinct iteration) = 2",
            ["iteration 1 ·", "iteration 2 ·", "the problem from iteration 1 on"],
        ),
        ("select duplicate_of from paths where not kept", ["duplicates", "kept"]),
        ("select problem_id from problems where split = 'test'", ["rationale", "votes right"]),
        ("select problem_id from coverage where tail_after", ["its paths", "in the tail"]),
        (
            "select path_id from corrections where correction is null",
            ["corrected  step", "none of 8 continuations was right"],
        ),
        (
            "select rejected_id from pairs where prefix != ''",
            ["In place of step", "(try 2, ", "rejected step"],
        ),
        ("select path_id from examples where not correct", ["undesired example"]),
        (
            "select path_id from step_labels where stop = 'inferred'",
            ["(rollouts, inferred)", "(rollouts, 1 right elsewhere)"],
        ),
        ("select path_id from rollouts", ["rollouts  "]),
        (
            "select rollout_id from rollouts",
            ["starts after  step 0 of path", "continuation", "draw 1, seed 11", "example"],
        ),
        (
            "select problem_id from flaws where first_wrong = 1",
            ["the greedy answer looked through", "verifier", "step 1 of 0 to 1 is wrong", "0.3"],
        ),
        ("select problem_id from flaws where first_wrong = -1", ["no wrong step"]),
        (
            "select problem_id from duels where verdict = 'lost'",
            ["the greedy answer compared", "standing second", "conciseness", "first", "lost"],
        ),
    ],
)
def test_trace_takes_each_kind_of_id(connected: Any, query: str, texts: list[str]) -> None:
    name = one(connected, f"{query} order by 1")
    shown = ratchet("trace", name)
    assert shown.exit_code == 0
    assert name in shown.stdout and "question" in shown.stdout
    assert all(text in shown.stdout for text in texts)


@pytest.mark.parametrize(("kind", "length"), [("sample", 6), ("path", 8), ("problem", 14)])
def test_the_beginning_of_an_id_will_do(connected: Any, kind: str, length: int) -> None:
    name = one(connected, f"select max({kind}_id) from {kind}s")
    assert find(connected, name[:length]) == (kind, name)


def test_trace_of_an_ungraded_sample_without_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, iterations=1, evaluated=False)
    monkeypatch.chdir(tmp_path)
    name = one(views.connect(), "select sample_id from samples order by 1")
    for noun in ("verdicts", "paths", "step_labels", "step_scores", "path_scores"):
        for file in Path("data", noun).rglob("*.parquet"):
            file.unlink()
    shown = ratchet("trace", name).stdout
    assert "not graded" in shown and "none: no path was made of this sample" in shown
    assert "Answer: " in shown


# leaderboard


def metrics(seed: int, accuracies: list[float], **run: str) -> dict[str, Any]:
    """metrics.json of a run with these greedy accuracies, iteration 0 first."""
    turns = {
        str(k): {
            "coverage": 0.5 if k else None,
            "draws": 100 * k,
            "training_rows": 10 * (k + 1),
            "tokens": 1000 * k,
            "elapsed_s": 2.5,
            "suites": {"toy": {"greedy": {"n": 50, "accuracy": accuracy, "flawed": 0.125} | own}},
        }
        for k, accuracy in enumerate(accuracies)
        for own in [{"low": 0.2, "high": 0.4} if accuracy == 0.3 else {}]
    }
    named = {"recipe": "sipf", "task": "toy", "model": "tiny"} | run
    return {"run": {**named, "seed": seed, "iteration": len(accuracies) - 1}, "iterations": turns}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace and its experiments, as DVC leaves them."""
    root = tmp_path_factory.mktemp("repository")

    def git(*words: str, given: str | None = None) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        done = subprocess.run(
            ["git", *who, *words], cwd=root, input=given, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "-q")
    (root / "metrics.json").write_text(json.dumps(metrics(0, [0.3, 0.4, 0.5])))
    baseline = f"{'ab' * 20}"
    experiments = {
        "seed-1": metrics(1, [0.3, 0.5, 0.6]),
        "seed-2": metrics(2, [0.3, 0.6]),
        "again": metrics(0, [0.3, 0.4]) | {"note": "the first two turns of the workspace"},
        "rft": metrics(0, [0.3, 0.7], recipe="rft"),
        "broken": {"run": {}},
    }
    kept = {f"refs/exps/{baseline[:2]}/{baseline[2:]}/{n}": v for n, v in experiments.items()}
    other = metrics(0, [0.99], recipe="stale")
    for place in ("stash", "exec/EXEC_HEAD", "celery/stash", "celery/failed", "apply/stash"):
        kept[f"refs/exps/{place}"] = other
    for ref, content in kept.items():
        blob = git("hash-object", "-w", "--stdin", given=json.dumps(content))
        tree = git("mktree", given=f"100644 blob {blob}\tmetrics.json\n")
        git("update-ref", ref, git("commit-tree", tree, "-m", ref))
    empty = git("commit-tree", git("mktree", given=""), "-m", "no metrics")
    git("update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/unfinished", empty)
    return root


def test_leaderboard_lists_each_result_once(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    shown = ratchet("leaderboard", "--json")
    rows = json.loads(shown.stdout)
    assert list(rows[0]) == [
        "recipe", "settings", "task", "model", "iteration", "seed", "suite", "mode", "n",
        "accuracy", "low", "high", "pass_at", "flawed",
        "coverage", "draws", "training_rows", "tokens", "elapsed_s",
    ]  # fmt: skip
    assert [(r["recipe"], r["seed"], r["iteration"], r["accuracy"]) for r in rows] == [
        ("rft", 0, 0, 0.3), ("rft", 0, 1, 0.7),
        ("sipf", 0, 0, 0.3), ("sipf", 0, 1, 0.4), ("sipf", 0, 2, 0.5),
        ("sipf", 1, 0, 0.3), ("sipf", 1, 1, 0.5), ("sipf", 1, 2, 0.6),
        ("sipf", 2, 0, 0.3), ("sipf", 2, 1, 0.6),
    ]  # fmt: skip
    first = {k: v for k, v in rows[0].items() if k in ("coverage", "draws", "elapsed_s", "n")}
    assert first == {"coverage": None, "draws": 0, "elapsed_s": 2.5, "n": 50}
    assert shown.stderr.count("\n") == 1
    assert "broken:metrics.json is not a run's metrics.json: skipped" in shown.stderr


def test_leaderboard_tells_settings_apart() -> None:
    from stages.explore import leaderboard

    runs = [
        ({"seed": seed, "align.max_steps": steps, "compute.threads": seed, "old": 1} | more)
        for seed, steps, more in [(0, 20, {}), (1, 20, {"new": 3}), (0, 30, {})]
    ]
    runs.append({})  # one without params.yaml
    results = [[*leaderboard.run_results(metrics(0, [0.3]))] for _ in runs]
    found = leaderboard.runs_with_settings(list(zip(results, runs, strict=True)))
    names = ["align.max_steps=20", "align.max_steps=20", "align.max_steps=30", ""]
    assert [settings for _, settings in found] == names
    other = metrics(0, [0.3], recipe="rft")
    apart = leaderboard.runs_with_settings(
        [(results[0], runs[0]), ([*leaderboard.run_results(other)], runs[2])]
    )
    assert [settings for _, settings in apart] == ["", ""], "another recipe is another row anyway"


def test_leaderboard_knows_the_commit(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(repository, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "add", "metrics.json"], check=True)
    subprocess.run(["git", *who, "commit", "-qm", "a run"], check=True)
    Path("metrics.json").write_text(json.dumps(metrics(0, [0.3, 0.9], recipe="simpo")))
    rows = json.loads(ratchet("leaderboard", "--json").stdout)
    assert {row["recipe"] for row in rows} == {"simpo", "sipf", "rft"}


def test_leaderboard_shows_mean_and_deviation_over_seeds(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    title, heads, _, rft, sipf, *_ = [
        " ".join(line.split())
        for line in ratchet("leaderboard").stdout.splitlines()
        if line.strip()
    ]
    assert title == "toy, greedy"
    assert heads.startswith("recipe task model iteration 0 iteration 1 iteration 2 pass@k flawed")
    assert rft == "rft toy tiny 30.0% [20.0, 40.0] 70.0% - - 12.5% 50.0% 20 100 1,000 5"
    turns = "30.0% ± 0.0 (3 seeds) 50.0% ± 10.0 (3 seeds) 55.0% ± 7.1 (2 seeds)"
    assert sipf == f"sipf toy tiny {turns} - 12.5% 50.0% 30 300 3,000 8"


def test_quiet_is_the_results_alone(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    whole, results = ratchet("leaderboard"), ratchet("--quiet", "leaderboard")
    assert results.stderr == "" != whole.stderr
    assert whole.stdout.startswith(results.stdout)
    assert "flawed: share" in whole.stdout and "flawed: share" not in results.stdout


def test_leaderboard_tells_runs_from_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stages.explore import leaderboard

    both = [
        *leaderboard.run_results(metrics(0, [0.3])),
        *leaderboard.run_results(metrics(0, [0.5])),
    ]
    assert leaderboard.accuracy_text(both) == "40.0% ± 14.1 (2 runs, 1 seed)"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--mode", "greedy"], 10),
        (["--suite", "toy", "--mode", "greedy"], 10),
        (["--mode", "vote"], "no result fits --suite and --mode: there are toy greedy"),
        (["--suite", "gsm8k"], "no result fits --suite and --mode: there are toy greedy"),
    ],
)
def test_leaderboard_filters(
    repository: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], found: int | str
) -> None:
    monkeypatch.chdir(repository)
    shown = ratchet("leaderboard", "--json", *words)
    if isinstance(found, int):
        assert len(json.loads(shown.stdout)) == found
    else:
        assert shown.exit_code == 1 and found in shown.stderr


def test_leaderboard_without_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("metrics.json").write_text(json.dumps(metrics(0, [0.25])))
    assert [row["accuracy"] for row in json.loads(ratchet("leaderboard", "--json").stdout)] == [
        0.25
    ]

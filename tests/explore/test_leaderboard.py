"""`ratchet leaderboard`: results of experiments, means over seeds, settings that differ."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.command_line import ratchet


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
        "stated", "flexible", "n_differ",
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

"""`ratchet trace`: the life of samples, paths, rollouts and problems."""

from pathlib import Path
from typing import Any

import pytest

from schemas import views
from stages.explore.trace.trace import find
from tests.fakes.command_line import one, ratchet
from tests.fakes.fake_run import plant


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
        (
            "select pair_id from pairs where iteration = 2 and made_in = 1 and prefix = ''",
            ["made in iteration 1", "trains     the model of iteration 1, 2", "chosen     "],
        ),
        (
            "select example_id from examples where not correct",
            ["made in iteration", "answer     wrong", "origin"],
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

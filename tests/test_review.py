"""The review: flaws by a verifier and by a critic, duels in both orders, and what is refused."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from schemas import store, views
from schemas.duels import ASPECTS, Duels
from schemas.errors import RatchetError
from schemas.evaluations import Evaluations
from schemas.flaws import Flaws
from schemas.problems import Problems
from stages.check import check_values
from stages.compute.compute_settings import ComputeSettings
from stages.contract.dvc_files import params
from stages.contract.stage_list import sections
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.feedback import critic, head_to_head
from stages.feedback.ask import MalformedError
from stages.feedback.critic import CriticSettings
from stages.feedback.first_flaw import flaws_from_scores
from stages.feedback.verifier_scores import ScoreSettings
from stages.pipeline.stage_run import StageRun
from stages.review import ReviewSettings, choose_answers, review
from tests.chat_server import Reply, says, serving
from tests.conftest import toy_settings
from tests.test_verifier import learn, step_rows

PROBLEMS = pl.DataFrame(
    [
        {
            "problem_id": f"p{n}",
            "source": "toy",
            "split": "test",
            "domain": "in",
            "kind": "math",
            "question": f"Question {n}?",
            "prompt": f"Question {n}?\n",
            "answer": f"{n}",
            "rationale": ["Gold.\n", f"#### {n}"] if n % 2 else [],
            "demonstrated": False,
            "options": [],
            "tests": [],
            "given": "",
        }
        for n in range(4)
    ],
    schema=Problems.polars_schema(),
)
RIGHT = {"M0": [True, True, False, False], "M1": [True, False, True, False]}


def answers(model: str) -> pl.DataFrame:
    """Greedy answers and a vote on each problem; M0 and M1 solve two of four each."""
    rows = [
        {
            "iteration": int(model[1]),
            "problem_id": f"p{n}",
            "mode": mode,
            "suite": "toy",
            "n_drawn": 1,
            "n_correct": int(right),
            "correct": right,
            "text": f"{model} first.\n{model} second.\n#### {n}" if mode == "greedy" else None,
            "n_tokens": 9,
        }
        for n, right in enumerate(RIGHT[model])
        for mode in ("greedy", "vote")
    ]
    return pl.DataFrame(rows, schema=Evaluations.polars_schema())


def critic_settings(**changes: object) -> CriticSettings:
    values = {
        "provider": "server", "url": None, "model": "critic-1", "key_variable": "CRITIC_KEY",
        "concurrency": 2, "timeout_s": 10.0, "retries": 0, "shard_size": 8, "temperature": 0.5,
        "max_tokens": 100, "max_tries": 2,
    }  # fmt: skip
    return CriticSettings.model_validate(values | changes)


def reviewed(
    run_folder: Path,
    reviewer: str = "oracle",
    duel_with: str = "none",
    limit: int | None = None,
    verifier: Path | None = None,
    policy: Path | None = None,
    iteration: int = 1,
    **changes: object,
) -> dict[str, pl.DataFrame]:
    """What the stage makes of M1's answers beside M0's."""
    made: dict[str, pl.DataFrame] = review(
        problems=PROBLEMS,
        answers=answers(f"M{iteration}"),
        first=answers("M0"),
        verifier=verifier or run_folder,
        policy=policy or run_folder,
        simulator=run_folder,
        review=ReviewSettings.model_validate(
            {
                "reviewer": reviewer,
                "wrong_below": 0.5,
                "duel_with": duel_with,
                "max_problems": limit,
            }
        ),
        critic=critic_settings(**changes),
        score=ScoreSettings(batch_size=8, max_length=128, annotated={}),
        task=toy_settings(),
        engine=TransformersSettings(
            name="transformers", precision="auto", batch_size=8, shard_size=8
        ),
        compute=ComputeSettings(threads=1),
        stage_run=StageRun(iteration, 0),
    )
    for table in (Flaws, Duels):
        if not made[table.noun].is_empty():
            store.write(made[table.noun], table, iteration=iteration)
    return made


@pytest.fixture(autouse=True)
def local(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


# the critic


def finding(first_wrong: object, **more: object) -> str:
    return json.dumps({"reflection": "Looked.", "first_wrong": first_wrong} | more)


@pytest.mark.parametrize("text", [finding(2), f"```json\n{finding(2)}\n```", f" {finding(2)}\n"])
def test_findings_that_are_used(text: str) -> None:
    assert critic.parse(text, 3).first_wrong == 2
    assert critic.parse(finding(-1), 3).first_wrong == -1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("2", "is no finding"),
        (f"I say {finding(2)}", "is not JSON"),
        ("\\boxed{2}", "is not JSON"),
        (finding(3), "names step 3 of 3"),
        (finding(-2), "is no finding: first_wrong: Input should be"),
        (finding("2"), "is no finding: first_wrong: Input should be"),
        (finding(True), "is no finding: first_wrong: Input should be"),
        (finding(1.5), "is no finding: first_wrong: Input should be"),
        (finding(None), "is no finding: first_wrong: Input should be"),
        (finding(2, sure=True), "is no finding: sure: Extra inputs"),
        ('{"first_wrong": 2}', "is no finding: reflection: Field required"),
        (f"[{finding(2)}]", "is no finding"),
        ('{"reflection": "", "first_wrong": 1, "first_wrong": 2}', "is not JSON"),
    ],
)
def test_findings_that_are_malformed(text: str, reason: str) -> None:
    with pytest.raises(MalformedError, match=re.escape(reason)) as error:
        critic.parse(text, 3)
    assert "\n" not in str(error.value)


def test_the_critic_sees_numbered_steps_and_no_reference() -> None:
    asked = critic.question("p1", "How many?", ["3+4=8\n", "#### 8"]).prompt
    for part in ("How many?", "Step 0: 3+4=8", "Step 1: #### 8", "-1"):
        assert part in asked
    assert "Step 2" not in asked and "eference" not in asked


def test_right_answers_are_looked_through_and_a_malformed_reply_is_asked_for_again(
    run_folder: Path,
) -> None:
    def reply(prompt: str, number: int) -> Reply:
        if "Question 2?" in prompt:
            return says("no idea")
        return says("garbled") if number == 0 else says(finding(1))

    with serving(reply) as chat:
        made = reviewed(run_folder, "critic", url=chat.url, concurrency=1)
    assert made["flaws"].select("problem_id", "reviewer", "n_steps", "first_wrong").rows() == [
        ("p0", "critic", 3, 1)
    ]
    assert made["flaws"]["reflection"].to_list() == ["Looked."]
    ((item, reason, content),) = made["rejects"].rows()
    assert (item, content) == ("p2", "no idea")
    assert reason == "2 replies of the critic were unusable: the last is not JSON"
    assert len(chat.asked) == 4  # two answers, each asked about twice
    sent = chat.asked[0]
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("critic-1", 0.5, 100)
    assert made["duels"].is_empty()


def test_what_was_said_is_kept_in_the_ledger(run_folder: Path) -> None:
    with serving(lambda *_: says(finding(-1))) as chat:
        first = reviewed(run_folder, "critic", url=chat.url)
        second = reviewed(run_folder, "critic", url=chat.url)
    assert len(chat.asked) == 2
    assert first["flaws"].equals(second["flaws"]) and first["flaws"].height == 2


def test_a_local_model_can_be_the_critic(run_folder: Path, checkpoint: Path) -> None:
    made = reviewed(
        run_folder, "critic", provider="policy", policy=checkpoint, max_tokens=4, max_tries=1
    )
    assert made["flaws"].is_empty()  # random weights say nothing
    assert made["rejects"].sort("item")["item"].to_list() == ["p0", "p2"]


# the verifier


@pytest.mark.parametrize(
    ("scores", "below", "found"),
    [
        ([[0.9, 0.8], [0.9, 0.4]], 0.5, [("a", -1, 0.8), ("b", 1, 0.4)]),
        ([[0.3, 0.1], [0.5, 0.9]], 0.5, [("a", 0, 0.1), ("b", -1, 0.5)]),
        ([[0.3, 0.1], [0.5, 0.9]], 0.2, [("a", 1, 0.1), ("b", -1, 0.5)]),
        ([[0.3], [0.5, 0.9]], 0.4, [("a", 0, 0.3), ("b", -1, 0.5)]),
        ([[], [0.5, 0.9]], 0.4, [("b", -1, 0.5)]),
        ([[], []], 0.4, []),
    ],
)
def test_the_first_step_below_the_threshold_is_wrong(
    scores: list[list[float]], below: float, found: list[tuple[str, int, float]]
) -> None:
    right = pl.DataFrame({"problem_id": ["a", "b"], "steps": [["x", "y"], ["z", "w"]]})
    rows = flaws_from_scores(right, scores, below)
    assert rows.select("problem_id", "first_wrong", "probability_min").rows() == found


def test_a_verifier_looks_through_right_answers(run_folder: Path, checkpoint: Path) -> None:
    (run_folder / "verifier").mkdir()
    learn(checkpoint, run_folder / "verifier", step_rows(), epochs=1)
    made = reviewed(run_folder, "verifier", verifier=run_folder / "verifier")
    assert sorted(made["flaws"]["problem_id"]) == ["p0", "p2"]
    assert made["flaws"]["n_steps"].to_list() == [3, 3]
    below = made["flaws"]["probability_min"] < 0.5
    assert (made["flaws"]["first_wrong"] >= 0).to_list() == below.to_list()


# duels


def comparison(choice: str, **other: object) -> str:
    return json.dumps(dict.fromkeys(ASPECTS, choice) | other)


@pytest.mark.parametrize("choice", ["A", "B", "tie"])
def test_comparisons_that_are_used(choice: str) -> None:
    found = head_to_head.parse(f"```\n{comparison(choice, conciseness='tie')}\n```")
    assert (found.overall, found.conciseness) == (choice, "tie")


@pytest.mark.parametrize(
    "text",
    [
        "", "A", '"A"', "null", comparison("a"), comparison("C"), comparison("Tie"),
        comparison("A", overall=None), comparison("A", overall=1), comparison("A", depth="A"),
        json.dumps(dict.fromkeys(ASPECTS[1:], "A")), f"So: {comparison('A')}",
        comparison("A").replace('"overall"', '"overall": "B", "overall"'),
    ],
)  # fmt: skip
def test_comparisons_that_are_malformed(text: str) -> None:
    with pytest.raises(MalformedError):
        head_to_head.parse(text)


def prefers(text: str) -> Any:
    """A judge that prefers the solution that holds this text, wherever it stands."""

    def reply(prompt: str, number: int) -> Reply:
        a, b = re.split(r"Solution [AB]:\n", prompt)[1:]
        return says(comparison("A" if text in a else "B" if text in b else "tie"))

    return reply


def results() -> dict[str, tuple[Any, ...]]:
    rows = views.connect().execute("from duel_results where aspect = 'overall'").fetchall()
    ((iteration, rival, _, *counts),) = rows
    return {"of": (iteration, rival), "counts": tuple(counts)}


# replies by the order of the two; n, won, lost, tied, disagreed, one order only, share of the first
JUDGES = [
    (prefers("M1 first"), (3, 3, 0, 0, 0, 0, 0.5)),
    (prefers("M0 first"), (3, 0, 3, 0, 0, 0, 0.5)),
    (lambda *_: says(comparison("tie")), (3, 0, 0, 3, 0, 0, None)),
    (lambda *_: says(comparison("A")), (3, 0, 0, 0, 3, 0, 1.0)),
    (lambda *_: says(comparison("B")), (3, 0, 0, 0, 3, 0, 0.0)),
]


@pytest.mark.parametrize(("judge", "counts"), JUDGES)
def test_verdicts_count_where_both_orders_agree(
    run_folder: Path, judge: Any, counts: tuple[Any, ...]
) -> None:
    with serving(judge) as chat:
        made = reviewed(run_folder, duel_with="first", url=chat.url)
    assert made["duels"].height == 3 * 2 * len(ASPECTS)  # p3 is solved by neither
    assert set(made["duels"]["problem_id"]) == {"p0", "p1", "p2"}
    assert results() == {"of": (1, "first"), "counts": counts}
    assert len(chat.asked) == 6


def test_an_order_without_a_usable_reply_is_a_reject(run_folder: Path) -> None:
    def reply(prompt: str, number: int) -> Reply:
        swapped = prompt.index("M0 first") < prompt.index("M1 first")
        return says("B, I think") if swapped and "Question 2?" in prompt else says(comparison("A"))

    with serving(reply) as chat:
        made = reviewed(run_folder, duel_with="first", url=chat.url)
    assert made["rejects"]["item"].to_list() == ["p2 B"]
    assert results()["counts"] == (2, 0, 0, 0, 2, 1, 1.0)


def test_the_judge_sees_both_in_either_order_and_the_reference() -> None:
    pairs = head_to_head.answer_pairs(
        answers("M1").filter(pl.col("mode") == "greedy"),
        answers("M0").filter(pl.col("mode") == "greedy"),
        PROBLEMS,
    )
    asked = {question.item: question.prompt for question in head_to_head.questions(pairs)}
    assert list(asked) == ["p0 A", "p0 B", "p1 A", "p1 B", "p2 A", "p2 B"]
    assert "Solution A:\nM1 first.\nM1 second.\n#### 1\n\nSolution B:\nM0 first" in asked["p1 A"]
    assert "Solution A:\nM0 first.\nM0 second.\n#### 1\n\nSolution B:\nM1 first" in asked["p1 B"]
    assert "Gold.\n#### 1" in asked["p1 A"] and "Reference answer: 1" in asked["p1 A"]
    assert "(none is written)" in asked["p0 A"]
    assert all(f'"{aspect}"' in asked["p0 A"] for aspect in ASPECTS)


def test_the_first_model_has_no_duel_with_itself_and_a_file_can_be_the_rival(
    run_folder: Path,
) -> None:
    with serving(prefers("M1 first")) as chat:
        assert reviewed(run_folder, duel_with="first", iteration=0, url=chat.url)[
            "duels"
        ].is_empty()
        assert not chat.asked
        other = store.write(answers("M1").drop("iteration"), Evaluations, iteration=1) / store.FILE
        made = reviewed(run_folder, duel_with=str(other), iteration=0, url=chat.url)
    assert set(made["duels"]["rival"]) == {str(other)}
    assert set(made["duels"]["verdict"]) == {"lost"}


@pytest.mark.parametrize("content", [None, "text", pl.DataFrame({"mode": ["greedy"]})])
def test_a_rival_that_is_no_evaluation_is_one_line(run_folder: Path, content: Any) -> None:
    file = run_folder / "other.parquet"
    if isinstance(content, str):
        file.write_text(content)
    elif content is not None:
        content.write_parquet(file)
    with pytest.raises(
        RatchetError, match=r"review.duel_with=.*other.parquet: .*name the file"
    ) as e:
        reviewed(run_folder, duel_with=str(file), url="http://127.0.0.1:1/v1")
    assert "\n" not in str(e.value)


# the stage


def test_by_default_nobody_is_asked(run_folder: Path) -> None:
    assert all(frame.is_empty() for frame in reviewed(run_folder).values())


def test_a_limit_takes_the_same_problems_of_every_model() -> None:
    names = [choose_answers(answers(model), 2)["problem_id"].to_list() for model in ("M0", "M1")]
    assert names[0] == names[1] and len(names[0]) == 2
    two = pl.concat([answers("M0"), answers("M0").with_columns(suite=pl.lit("other"))])
    assert choose_answers(two, 3).group_by("suite").len().sort("suite")["len"].to_list() == [3, 3]
    assert choose_answers(answers("M0"), None).height == 4


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (["review.reviewer=critic"], "need a critic: set critic.url and critic.model"),
        (["review.duel_with=first"], "need a critic: set critic.url and critic.model"),
        (
            ["review.duel_with=first", "critic.provider=simulator"],
            "critic.provider=simulator needs one",
        ),
        (["recipe=rft", "review.reviewer=verifier"], "review.reviewer=verifier needs a verifier"),
        (["review.reviewer=verifier", "evaluate.greedy=false"], "is of greedy answers"),
    ],
)
def test_settings_at_odds_are_refused(overrides: list[str], reason: str) -> None:
    with pytest.raises(RatchetError, match=re.escape(reason)):
        check_values(yaml.safe_load(params(*overrides)), sections())

"""Duels: in both orders, against the first model or a file."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas import store, views
from schemas.duels import ASPECTS
from schemas.errors import RatchetError
from schemas.evaluations import Evaluations
from stages.feedback import head_to_head
from stages.feedback.reply_json import MalformedError
from tests.fakes.chat_server import Reply, says, serving
from tests.fakes.reviewed_answers import PROBLEMS, answers, reviewed

pytestmark = pytest.mark.usefixtures("run_folder")


def comparison(choice: str, **other: object) -> str:
    return json.dumps(dict.fromkeys(ASPECTS, choice) | other)


@pytest.mark.parametrize("choice", ["A", "B", "tie"])
def test_comparisons_that_are_used(choice: str) -> None:
    found = head_to_head.parse(f"```\n{comparison(choice, conciseness='tie')}\n```")
    assert (found.overall, found.conciseness) == (choice, "tie")
    spoken = comparison(f"Solution {choice.lower()}" if choice != "tie" else "Tie.", depth="A")
    assert head_to_head.parse(f"So: {spoken}").overall == choice


@pytest.mark.parametrize(
    "text",
    [
        "", "A", '"A"', "null", comparison("C"), comparison("both"),
        comparison("A", overall=None), comparison("A", overall=1),
        json.dumps(dict.fromkeys(ASPECTS[1:], "A")),
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

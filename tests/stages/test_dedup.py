"""Distinct paths: who stands for whom, the same whatever the order of the rows."""

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.paths import Paths
from schemas.problems import Problems
from stages.dedup import DedupSettings, dedup, distinct_paths, mark_near_duplicates
from stages.pipeline.stage_run import StageRun
from stages.solutions.similarity import most_different_index, representative_indices
from stages.tasks.task import TaskSettings
from tests.fakes.one_fingerprint import fingerprint

LONG = "def total(numbers):\n    result = 0\n    for n in numbers:\n        result += n\n"
TEXTS = {
    "none": ([], 0.9, []),
    "one": (["a"], 0.9, [0]),
    "equal": (["abcd", "abcd"], 0.9, [0, 0]),
    "unlike": (["abcd", "wxyz"], 0.9, [0, 1]),
    "like the first": (["abcdefghij", "abcdefghiX"], 0.9, [0, 0]),
    "just below": (["abcdefghij", "abcdefghiX"], 0.91, [0, 1]),
    "the least like comes before": (["aaaa", "aaab", "bbbb"], 0.6, [0, 0, 2]),
    "like the nearest that is kept": (["aaaaaaaa", "bbbbbbbb", "bbbbbbba"], 0.7, [0, 1, 1]),
    "all equal at threshold 1": (["ab", "ab", "ac"], 1.0, [0, 0, 2]),
}


@pytest.mark.parametrize("name", TEXTS)
def test_who_stands_for_whom(name: str) -> None:
    texts, similarity, places = TEXTS[name]
    assert representative_indices(texts, similarity) == places


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.text("ab", max_size=8), min_size=1, max_size=12), st.sampled_from([0.3, 0.7, 1.0])
)
def test_kept_are_unlike_and_others_like_theirs(texts: list[str], similarity: float) -> None:
    places = representative_indices(texts, similarity)
    kept = [n for n, place in enumerate(places) if n == place]
    assert kept[0] == 0
    for n, place in enumerate(places):
        assert place in kept
        assert n == place or _alike(texts[n], texts[place]) >= similarity
        assert n != place or all(_alike(texts[n], texts[k]) < similarity for k in kept if k < n)


def _alike(one: str, other: str) -> float:
    """One less the edit distance as a share of the longer text, the slow way."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    longest = max(len(one), len(other))
    return 1 - row[-1] / longest if longest else 1.0


@pytest.mark.parametrize(
    ("candidates", "others", "place"),
    [(["a"], [], 0), (["a", "b"], [], 0), (["aa", "bb"], ["aa"], 1), (["ab", "ba"], ["cc"], 0)],
)
def test_the_most_different(candidates: list[str], others: list[str], place: int) -> None:
    assert most_different_index(candidates, others) == place


@pytest.mark.parametrize(
    ("kind", "one", "two", "same"),
    [
        ("code", "x = 1\n\ny = 2", "x = 1  \ny = 2\n", True),
        ("code", "x = 1", "x = 2", False),
        ("program", "print(1 + 1 == 2)", "print(2 + 1 == 3)", False),
        ("choice", "1 + 1 = 2, so B", "so: 1+1=2. B", True),
    ],
)
def test_fingerprints_of_kinds(kind: str, one: str, two: str, same: bool) -> None:
    answer = None if kind != "choice" else "B"
    assert (fingerprint(kind, one, answer) == fingerprint(kind, two, answer)) is same


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("7", "$7", True),
        ("7", "7 dollars", True),
        ("7", "7.0", True),
        ("1/2", r"\frac{1}{2}", True),
        (r"\text{East}", "east", True),
        ("7", "8", False),
        ("7", None, False),
        ("7" * 2000, "7" * 2000, True),
        ("7" * 2000, "7" * 2001, False),
    ],
)
def test_answers_however_written(one: str, two: str | None, same: bool) -> None:
    text = "3+4 = 7, so that is it"
    assert (fingerprint("math", text, one) == fingerprint("math", text, two)) is same


def rows(
    texts: list[tuple[str, str, str, bool]],
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Samples, verdicts and problems of (problem, kind, text, right); answers are the last word."""
    samples = pl.DataFrame(
        [
            {"sample_id": f"s{n:02d}", "problem_id": p, "text": text, "attempt": 0, "draw": n}
            for n, (p, _, text, _) in enumerate(texts)
        ]
    )
    verdicts = pl.DataFrame(
        [
            {
                "sample_id": f"s{n:02d}",
                "outcome": "correct" if right else "wrong",
                "extracted": text if kind == "code" else text.split()[-1],
            }
            for n, (_, kind, text, right) in enumerate(texts)
        ]
    )
    problems = pl.DataFrame(
        [{"problem_id": p, "kind": k} for p, k in dict(t[:2] for t in texts).items()]
    )
    return samples, verdicts, problems


MIXED = [
    ("m", "math", "1+1=2 and 2+2=4 4", True),
    ("m", "math", "so 1+1=2, which makes 2+2=4 indeed: 4", True),
    ("m", "math", "2+2=4 4", True),
    ("m", "math", "2+2=5 5", False),
    ("m", "math", "no idea 4", True),
    ("m", "math", "guess 4", True),
    ("c", "code", LONG + "    return result", True),
    ("c", "code", LONG.replace("result", "totals") + "    return totals", True),
    ("c", "code", LONG + "    return results", False),
    ("c", "code", "def total(numbers):\n    return sum(numbers)", True),
    ("c", "code", LONG + "\n    return result\n", True),
    ("c", "code", LONG + "    return  result", True),
]  # fmt: skip


def test_every_sample_is_a_path_if_all_are_kept() -> None:
    samples, verdicts, problems = rows(MIXED)
    paths = distinct_paths(samples, verdicts, problems, all_samples=True)
    assert sorted(paths["sample_ids"].to_list()) == [
        [name] for name in sorted(samples["sample_id"])
    ]
    assert paths["fingerprint"].n_unique() == len(MIXED)
    assert int(paths["correct"].sum()) == sum(row[3] for row in MIXED)


def test_paths_of_both_kinds_in_any_order() -> None:
    samples, verdicts, problems = rows(MIXED)
    found = set()
    for seed in range(4):
        order = random.Random(seed).sample(range(len(MIXED)), len(MIXED))
        paths = distinct_paths(samples[order], verdicts[order[::-1]], problems)
        named = paths.with_columns(path_id=pl.col("sample_ids").list.first())
        marked = mark_near_duplicates(named, 0.9).sort("path_id")
        found.add(str(marked.select("path_id", "sample_ids", "correct", "duplicate_of").rows()))
        led = {
            row[0]: row[1:] for row in marked.select("path_id", "sample_ids", "duplicate_of").rows()
        }
    assert len(found) == 1
    assert led == {
        "s01": (["s01", "s00"], None),  # the longer wording is less like the other paths
        "s02": (["s02"], None),
        "s03": (["s03"], None),
        "s04": (["s04"], None),
        "s05": (["s05"], None),
        "s06": (["s06", "s10"], None),
        "s07": (["s07"], None),
        "s08": (["s08"], None),  # nearly s06, but wrong
        "s09": (["s09"], None),
        "s11": (["s11"], "s06"),
    }


EARLIER = ["6 + 1 = 7, so 7", "6 - 1 = 5, so 5"]  # the paths of round 1: right, wrong
ROUNDS: dict[str, tuple[list[str], list[tuple[str, int, int]]]] = {
    # name: texts of round 2, then (text, made in, samples) of each path of D_2
    "nothing new": ([], [(EARLIER[0], 1, 1), (EARLIER[1], 1, 1)]),
    "a new path": (
        ["2 * 3 = 6, 6 + 1 = 7"],
        [(EARLIER[0], 1, 1), (EARLIER[1], 1, 1), ("2 * 3 = 6, 6 + 1 = 7", 2, 1)],
    ),
    "an old one taken again keeps its text": (
        ["first 6+1 = 7. The answer: 7"],
        [(EARLIER[0], 1, 2), (EARLIER[1], 1, 1)],
    ),
}


@pytest.mark.parametrize("name", ROUNDS)
def test_paths_of_all_rounds_accumulate(name: str) -> None:
    texts, expected = ROUNDS[name]
    first = one_round(EARLIER, 1, Paths.create_empty())
    union = one_round(texts, 2, first)
    kept = union.select(pl.col("steps").list.join(""), "made_in", pl.col("sample_ids").list.len())
    assert sorted(kept.rows()) == sorted(expected)
    assert union["path_id"].is_unique().all()
    latest = one_round(texts, 2, first, cumulative=False)
    assert set(latest["made_in"]) <= {2} and latest.height == len(texts)


def test_an_earlier_program_stands_for_a_later_one_that_is_nearly_equal() -> None:
    code = {"kind": "code", "answer": "", "tests": ["assert total([1]) == 1"]}
    first = one_round([LONG + "    return result\n"], 1, Paths.create_empty(), **code)
    union = one_round([LONG + "    return  result;\n"], 2, first, **code).sort("made_in")
    assert union["kept"].to_list() == [True, False]
    assert union["duplicate_of"].to_list() == [None, first["path_id"][0]]


def one_round(
    texts: list[str],
    iteration: int,
    earlier: pl.DataFrame,
    cumulative: bool = True,
    **problem: object,
) -> pl.DataFrame:
    """`dedup` on one problem, 6 + 1, with a sample of each text."""
    row = {"problem_id": "p", "kind": "math", "answer": "7", "rationale": ["6 + 1 = 7"]} | problem
    known = {"split": "train", "demonstrated": True, "question": "?", "prompt": "?", "given": ""}
    blank = {"options": [], "tests": [], "level": 1, "subject": None, "source": "toy"}
    problems = pl.DataFrame([blank | known | row], schema=Problems.polars_schema())
    ids = [f"s{iteration}-{n}" for n in range(len(texts))]
    samples = pl.DataFrame(
        {"sample_id": ids, "problem_id": ["p"] * len(ids), "text": texts, "attempt": 0, "draw": 0},
        schema_overrides={"sample_id": pl.String, "problem_id": pl.String, "text": pl.String},
    )
    answers = [text.rstrip(".").split()[-1] for text in texts]
    verdicts = pl.DataFrame(
        {
            "sample_id": pl.Series(ids, dtype=pl.String),
            "outcome": pl.Series(
                ["correct" if a == "7" else "wrong" for a in answers], dtype=pl.String
            ),
            "extracted": pl.Series(answers, dtype=pl.String),
        }
    )
    similar = DedupSettings(keep="distinct", cumulative=cumulative, similarity=0.9)
    task = TaskSettings(name="toy")
    return dedup(problems, samples, verdicts, earlier, task, similar, StageRun(iteration, 0))

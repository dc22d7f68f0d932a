"""Each statistic in SQL against a plain Python count of the same small tables."""

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from schemas import store
from schemas.errors import RatchetError
from schemas.solve_rates import SolveRates
from stages.measures.database import open_statistics
from stages.pair import tail_paths
from tests.fakes.plain_statistics import (
    coverage,
    leaked,
    narrowing,
    progress,
    solve_rates,
    sound,
    strategies,
    wasserstein,
)
from tests.fakes.statistics_tables import SHAPES, Row, answers, asked, drawn, made, write


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_every_statistic_is_the_plain_count(tmp_path: Path, seed: int, shape: str) -> None:
    tables = made(seed, shape)
    found = answers(tables, tmp_path)
    assert {*found} == {*COUNTS}
    for name, count in COUNTS.items():
        wanted, rows = count(tables), found[name].to_dicts()
        by_key = {key(row): row for row in rows}
        assert len(wanted) == len(rows) == len(by_key), name
        for row in wanted:
            assert by_key[key(row)] == pytest.approx(row, abs=1e-6), name


COUNTS = {
    count.__name__: count for count in (coverage, progress, solve_rates, strategies, narrowing)
}


def key(row: Row) -> tuple[Any, ...]:
    """What tells a row of a statistic from the others."""
    names = ("problem_id", "moment", "level", "bin", "strategy", "data", "measure")
    return tuple(row.get(name) for name in names)


def test_the_tables_hold_what_they_are_to_test() -> None:
    """Each shape has what its name says, so that no comparison above is of nothing."""
    everything = [strategies(made(0, shape)) for shape in SHAPES]
    assert any(row["n_spurious"] for rows in everything for row in rows)
    assert any(0 < (row["leakage_mean"] or 0) < 1 for rows in everything for row in rows)
    assert any(row["shortcut_mean"] for rows in everything for row in rows)
    assert all(row["shortcut_mean"] is None for row in strategies(made(0, "without gold")))
    assert all(row["n_correct"] == 0 for row in strategies(made(0, "nothing right")))
    assert all(row["distance"] is None for row in narrowing(made(0, "nothing right")))
    assert sum(row["n_judged"] for row in strategies(made(0, "judged"))) > 0
    supplied = strategies(made(0, "gold supplement"))
    assert {row["strategy"]: row["n_correct"] > 0 for row in supplied}["gold"]
    assert {row["distance"] for row in narrowing(made(0, "ties"))} >= {0.0}
    assert [row["n_gold"] for row in narrowing(made(0, "unlevelled"))][::4] == [0, 0]


def test_what_does_not_fit_is_one_line() -> None:
    with (
        pytest.raises(RatchetError, match=r"do not fit into stats\.memory_gb=0\.03: raise it"),
        open_statistics({}, 0.03) as statistics,
    ):
        statistics.connection.execute("select list(i::varchar) from range(3000000) numbers (i)")


def test_a_bin_has_one_row() -> None:
    row = {"iteration": 1, "moment": "after", "level": None, "bin": 3, "n_problems": 2}
    twice = pl.DataFrame([row, row], schema=SolveRates.polars_schema())
    with pytest.raises(RatchetError, match="breaks rule one_row_per_bin in 2 rows"):
        store.validate(twice, SolveRates, "test")


def test_the_order_of_rows_changes_no_bit(tmp_path: Path) -> None:
    tables = made(1, "plain")
    first, second = (answers(tables, tmp_path / str(seed), seed) for seed in (1, 2))
    for name, frame in first.items():
        assert_frame_equal(frame, second[name], check_exact=True)


def test_a_gold_supplement_is_neither_drawn_nor_self_generated(tmp_path: Path) -> None:
    """Of four problems the model solves the easiest one; the others are given their gold."""
    tables = drawn(
        *[(name, "unguided", "t", name == "p1") for name in ("p1", "p2", "p3", "p4")],
        *[(name, "gold", "a\nb", True) for name in ("p2", "p3", "p4")],
    )
    found = answers(tables, tmp_path)
    row = found["progress"].row(0, named=True)
    assert (row["coverage"], row["n_solved_ever"], row["n_draws"]) == (0.25, 1, 4)
    assert row["coverage_so_far"] == 0.25
    assert found["coverage"]["tail_after"].sum() == found["coverage"]["tail_before"].sum() == 3
    distances = found["narrowing"].filter(measure="level")["distance"]
    assert distances.to_list() == [1.5, 1.5]
    given = found["strategies"].filter(strategy="gold").row(0, named=True)
    assert (given["n_problems"], given["n_draws"], given["n_correct"]) == (3, 3, 3)


@pytest.mark.parametrize("below", [0.55, 0.35, 0.07, 0.3, 0.6, 0.7, 1.0])
def test_the_tail_is_where_the_quotient_is_below(tmp_path: Path, below: float) -> None:
    """Of some counts (55 of 100, below 0.55) the product says otherwise than the quotient."""
    cases = [(right, n) for n in (20, 100, 200) for right in range(n + 1)]
    cases = [case for case in cases if abs(case[0] / case[1] - below) < 0.011]
    assert cases
    rows = [
        (f"{right} of {n}", "unguided", "t", draw < right)
        for right, n in cases
        for draw in range(n)
    ]
    tables = drawn(*rows)
    with open_statistics(write(tables, tmp_path, random.Random(0)), 0.5) as statistics:
        found = asked(statistics, below, ["coverage"])["coverage"]
    wanted = {f"{right} of {n}": right / n < below for right, n in cases}
    for column in ("tail_before", "tail_after"):
        assert dict(found.select("problem_id", column).rows()) == wanted
    paths = pl.DataFrame(
        [
            {"problem_id": row["problem_id"], "sample_ids": ["s"], "correct": right}
            for row, (*_, right) in zip(tables["samples"], rows, strict=True)
        ]
    )
    assert {*tail_paths(paths, below)["problem_id"]} == {name for name in wanted if wanted[name]}


@pytest.mark.parametrize(
    ("truth", "labels", "judged_", "spurious"),
    [
        (None, "", 0, None),
        (None, "+", 0, None),  # one labelled step of four says nothing of the others
        (None, "+++", 0, None),
        (None, "-++", 0, None),
        (None, "++++", 1, 0),
        (None, "+-++", 1, 1),
        (None, "+++o", 1, 0),  # the last one by the path's outcome
        (None, "ooooo", 0, None),
        ([True] * 4, "", 1, 0),
        ([True, False, True, True], "++++", 1, 1),
        ([True, None, None, None], "", 0, None),
        ([False, None, None, None], "", 0, None),
        ([True, None, None, None], "++++", 1, 0),
    ],
)
def test_a_path_is_judged_where_all_its_steps_are(
    tmp_path: Path, truth: list[bool | None] | None, labels: str, judged_: int, spurious: int | None
) -> None:
    tables = drawn(("p", "unguided", "t", True))
    path = {"path_id": "q", "problem_id": "p", "sample_ids": ["s0"], "correct": True}
    tables["paths"] = [path | {"steps": ["a\n", "b\n", "c\n", "d"], "truth": truth}]
    tables["step_labels"] = [
        {"path_id": "q", "step": step, "labeler": "outcome" if sign == "o" else "rollouts",
         "label": sign != "-", "n_rollouts": 4}
        for step, sign in enumerate(labels)
    ]  # fmt: skip
    (row,) = answers(tables, tmp_path, names=["strategies"])["strategies"].to_dicts()
    assert (row["n_judged"], row["n_spurious"]) == (judged_, spurious)
    known = [one for one in [sound(tables["paths"][0], tables["step_labels"])] if one is not None]
    assert (len(known), known.count(False) if known else None) == (judged_, spurious)


@pytest.mark.parametrize(
    ("strategy", "text", "hint", "leakage"),
    [
        ("unguided", "a = 1\nb = 2", None, 0.0),
        ("state_reset", "a = 1\nb = 2", "a = 1\n", 6 / 11),
        ("state_reset", "a = 1 and more", "a = 1 ", 6 / 14),
        ("state_reset", "é́🤦🏼‍♂️ = 1\nx", "é́🤦🏼‍♂️ = 1\n", 12 / 13),
        ("state_reset", "x", "", 0.0),
        ("state_reset", "", "", 0.0),
        ("state_reset", "b\na", "a", 0.0),  # its text has nothing of it
        ("adaptive", "a = 1\nb = 2", "a", 1 / 11),
        ("adaptive", "a = 1\nb = 2", None, 0.0),
        ("gold", "a = 1\nb = 2", "a = 1\nb = 2", 1.0),
        ("answer", "1 + 1 = 2\n#### 1", "1", None),
        ("answer", "x = 18\nThe answer is 18", "18", None),
        ("rationale", "a = 1\nb = 2", "a = 1\nb = 2", 1.0),
        ("rationale", "a = 1 and more", "a = 1 ", 0.0),  # it begins so, and is another line
        ("rationale", "b = 2\na = 1\r", "Mind:\n  a = 1", 6 / 11),
        ("rationale", "b = 2\na = 1", "a = 1 at once", 0.0),
        ("rationale", "\n a\t\n\nb", "a\n\nc", 3 / 4),
        ("rationale", "a\u00a0\nx", "a\ny", 0.0),
        ("rationale", "aa\na\nbbb", "a\naa\nbbb", 1.0),  # sixths and a half: no more than 1
        ("rationale", "", "a = 1", 0.0),
        ("rationale", "\n\n", "a\n", 0.0),
        ("interactive", "the answer is 7", "7", 0.0),
        ("interactive", "7\nthe answer is 7", "Not 8 but\n7", 1 / 16),
    ],
)
def test_leakage(
    tmp_path: Path, strategy: str, text: str, hint: str | None, leakage: float | None
) -> None:
    tables = drawn(("p", strategy, text, False), hint=hint)
    (row,) = answers(tables, tmp_path, names=["strategies"])["strategies"].to_dicts()
    assert row["leakage_mean"] == (leakage and pytest.approx(leakage, abs=1e-9))
    if leakage is not None:
        assert leaked(tables["samples"][0]) == pytest.approx(leakage)


@pytest.mark.parametrize(
    ("own", "gold", "distance"),
    [([1, 1], [1], 0), ([1], [3], 2), ([1, 3], [1, 3], 0), ([0, 1, 3], [5, 6, 8], 5)],
)
def test_wasserstein_by_hand(own: list[float], gold: list[float], distance: float) -> None:
    assert wasserstein(own, gold) == distance

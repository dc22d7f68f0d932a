"""Adaptive state reset: as few steps as are likely to do."""

import polars as pl
import pytest

from stages.guidance.attempt import Attempt, TailProblem
from stages.guidance.rounds import Case
from stages.guidance.strategies.adaptive import AttemptCounts, adaptive_reset, reveal_rows
from tests.fakes.tail_problem import HARD, STEPS, begun, tried


def known(*rows: tuple[str, int, float, float]) -> pl.DataFrame:
    columns = ["problem_id", "shown", "tried", "solved"]
    return pl.DataFrame(rows, schema=columns, orient="row")


NONE = [(0, False)] * 4
EVIDENCE = [
    ("nothing known: one step is as hard as another", [], [], [], 1),
    ("similar problems do with none", [], [("q", 0, 40.0, 38.0)], [], 0),
    ("similar ones do with one", [], [("q", 1, 40.0, 38.0), ("q", 0, 40.0, 0.0)], [], 1),
    ("own failures raise it", [], [("q", 1, 40.0, 38.0)], [(1, False)] * 5, 2),
    ("own failures with more count for fewer", [], [("q", 0, 40.0, 38.0)], [(1, False)] * 5, 2),
    ("own success with one keeps it", [], [], [*NONE, *[(1, True)] * 5], 1),
    ("its success an iteration ago counts", [("p", 1, 20.0, 20.0)], [], NONE, 1),
    ("what was shown of a longer rationale says nothing", [("p", 4, 9.0, 0.0)], [], [], 1),
]


@pytest.mark.parametrize(
    ("earlier", "similar", "outcomes", "shown"),
    [e[1:] for e in EVIDENCE],
    ids=[e[0] for e in EVIDENCE],
)
def test_adaptive_shows_as_little_as_is_likely_to_do(
    earlier: list[tuple[str, int, float, float]],
    similar: list[tuple[str, int, float, float]],
    outcomes: list[tuple[int, bool]],
    shown: int,
) -> None:
    evidence = AttemptCounts()
    if earlier or similar:
        problems = {"problem_id": ["p", "q"], "level": [None, None], "rationale": [STEPS, STEPS]}
        schema = {"problem_id": pl.String, "level": pl.Int8, "rationale": pl.List(pl.String)}
        evidence.remember(pl.DataFrame(problems, schema=schema), known(*earlier, *similar))
    history = [Attempt(f"g{n}", "text", good, at) for n, (at, good) in enumerate(outcomes)]
    evidence.see(HARD, history)
    assert adaptive_reset(HARD, history, evidence, aim=0.5) == begun(shown)


def test_the_chance_is_what_the_equation_says() -> None:
    evidence = AttemptCounts()
    evidence.see(HARD, [Attempt("a", "t", True, 2), Attempt("b", "t", False, 2)])
    history = [Attempt("c", "t", False, 0), Attempt("d", "t", True, 1), Attempt("e", "t", False, 2)]
    prior = (1.5 / 3) ** (3 / 2)  # two steps left were tried twice, once with success
    assert evidence.priors(HARD)[1] == pytest.approx(prior)
    assert evidence.chances(HARD, history)[1] == pytest.approx((4 * prior + 1) / (4 + 1 + 1))


def test_a_level_has_its_own_evidence() -> None:
    easy, hard = (TailProblem(n, "Q\n", "Q", "18", rationale=STEPS, level=n) for n in (1, 2))  # type: ignore[arg-type]
    evidence = AttemptCounts()
    evidence.see(easy, [Attempt("a", "t", True, 0)] * 30)
    assert evidence.priors(hard)[0] == evidence.priors(easy)[0] > 0.9
    evidence.see(hard, [Attempt("a", "t", False, 0)] * 30)
    assert evidence.priors(hard)[0] < 0.1 < evidence.priors(easy)[0]


def test_reveals_add_up_and_fade() -> None:
    case = Case(HARD, tried((1, False), (1, True)))
    kept = reveal_rows([case], known(("p", 1, 2.0, 1.0), ("gone", 0, 4.0, 0.0)))
    rows = set(kept.rows())
    assert rows == {("p", 0, 2.0, 1.0), ("p", 1, 3.0, 1.5), ("gone", 0, 2.0, 0.0)}

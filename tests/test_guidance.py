"""Guidance: how much may be shown, and what each strategy asks next."""

import re
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from stages.grading.grade import Reference, grade_all
from stages.guidance.answer_leak import ends_in_answer, numbers, states_answer
from stages.guidance.attempt import Attempt, NextPrompt, TailProblem
from stages.guidance.rounds import Case
from stages.guidance.shown_steps import safe_prefixes
from stages.guidance.strategies.adaptive import AttemptCounts, adaptive_reset, reveal_rows
from stages.guidance.strategies.answer import show_answer
from stages.guidance.strategies.brute_force import brute_force
from stages.guidance.strategies.interactive import revise
from stages.guidance.strategies.rationale import show_rationale
from stages.guidance.strategies.state_reset import state_reset
from stages.guidance.teacher import teacher_prompt
from stages.prepare import separate_rejects
from stages.solutions.steps import join_continuation
from stages.tasks.datasets import TASK
from tests.test_real_datasets import COT, GSI, POT, settings

STATES = [
    ("He has 18 eggs.", "18", True),
    ("He has 180 eggs, or 1.8.", "18", False),
    ("It costs $1,200 now.", "1200", True),
    (r"It costs 1{,}200 now.", "1200", True),
    ("It costs 1200.00 now.", r"1{,}200", True),
    ("So 3/4 of it", "0.75", True),
    (r"so \frac{3}{4} of it", "0.75", True),
    (r"so 1\frac{1}{2} cups", "1.5", True),
    ("so 75% of it", "75", True),
    ("the quotient 3 / 0", "0.75", False),
    ("it is -4 now", "4", True),
    ("3 * 6 = 3 * 6", "18", True),
    ("9 + 9 = x", "18", True),
    ("9 + 8 = x", "18", False),
    (r"Thus $x = 2\sqrt{3}$ here", r"2\sqrt{3}", True),
    (r"Thus $x = \sqrt{12}$ here", r"2\sqrt{3}", True),
    (r"Thus $\sqrt{3}$ here", r"2\sqrt{3}", False),
    ("They meet on Monday.", "Monday", True),
    ("They meet on Mondays.", "Monday", False),
    (r"the point $(3, \pi)$", r"\left( 3, \pi \right)", True),
    ("an empty answer", "", False),
    ("It costs Rs.300 now.", "300", True),
    ("So there are eighteen eggs.", "18", True),
    ("That is a dozen eggs.", "12", True),
    ("twenty-one of two hundred", "21", True),
    ("twenty-one of two hundred", "200", True),
    ("half of it", "0.5", True),
    ("so 75% of it", "0.75", True),
    ("so 0.75 of it", r"75\%", True),
    ("so 1 1/2 cups", "3/2", True),
    (r"which makes 1.5 \times 10^{3} grams", "1500", True),
    ("which makes 1.5e3 grams", "1500", True),
    ("$1.2 million", "1200000", True),
    (r"there are 10\,000 of them", "10000", True),
    ("there are 10 000 of them", "10000", True),
    ("there are 10 000 of them", "10", True),
    ("about 0.333333 of it", "1/3", True),
    ("so x equals 3 here", "x=3", True),
    ("The first is 3 and the second 4.", "3, 4", True),
    ("The first is 3.", "3, 4", False),
    (r"so \(\sqrt{12}\).", r"2\sqrt{3}", True),
    (r"so \[\sqrt{12}\]", r"2\sqrt{3}", True),
    ("so １８ eggs", "18", True),
    ("x = " + "9" * 5000, "5", False),
    ("x = 5", "9" * 5000, False),
]
CHOICES = [
    ("The answer is B.", "B", True),
    ("Look at B and C.", "B", False),
    ("so it takes 12 days", "B", True),
    ("so it takes 24/2 days", "B", True),
    ("so it takes 7 days", "B", False),
    ("The answer is B.", "H", False),
    ("Hence (B) is correct.", "B", True),
    ("Correct answer - B", "B", True),
    ("Option B\n", "B", True),
    ("Choose B.", "B", True),
    ("B is the answer\n", "B", True),
    ("Ans: B", "B", True),
    ("so twelve", "B", True),
    ("One of 7, 12 and 30 is right.", "B", False),
    ("so 12", "12", True),
]
QUANTITIES = [
    ("so 30", "C", ["Rs. 7", "Rs. 12", "Rs. 30"]),
    ("ratio is 3 to 4", "C", ["1 : 2", "2 : 3", "3 : 4"]),
    ("ratio is 3:4", "C", ["1 : 2", "2 : 3", "3 : 4"]),
    ("so 30 km", "C", ["7 km", "12 km", "30 km"]),
]


@pytest.mark.parametrize(("text", "wanted", "expected"), STATES)
def test_what_states_an_answer(text: str, wanted: str, expected: bool) -> None:
    assert states_answer(text, wanted) == expected


@pytest.mark.parametrize(("text", "letter", "expected"), CHOICES)
def test_what_states_a_choice(text: str, letter: str, expected: bool) -> None:
    assert states_answer(text, letter, ["7", "12", "30"]) == expected


@pytest.mark.parametrize(("text", "letter", "options"), QUANTITIES)
def test_what_states_an_option(text: str, letter: str, options: list[str]) -> None:
    assert states_answer(text, letter, options)


ANSWERED = [
    ("Look at 18 again. The final answer is 18.", "18", [], True),
    ("You added 18 twice.", "18", [], False),
    ("The answer is (B).", "B", ["7", "12"], True),
    ("Look at 12 again.", "B", ["7", "12"], False),
]


@pytest.mark.parametrize(("text", "wanted", "options", "expected"), ANSWERED)
def test_what_ends_in_an_answer(text: str, wanted: str, options: list[str], expected: bool) -> None:
    assert ends_in_answer(text, wanted, options) == expected


def test_numbers_of_a_text() -> None:
    text = r"1,234 and .5, 3/4, \frac12, 2\frac{1}{3}, 10{,}000"
    wanted = ["1234", "1/2", "3/4", "7/3", "10000"]
    assert {Fraction(w) for w in wanted} <= {found.value for found in numbers(text)}


STEPS = ("3 + 4 = 7\n", "7 * 2 = 14\n", "14 + 4 = 18\n", "#### 18")
PREFIXES = [
    (STEPS, "18", "math", 3),
    (STEPS, "14", "math", 2),
    (STEPS, "3", "math", 1),
    ((), "18", "math", 1),
    (("#### 18",), "18", "math", 1),
    (("def f(x):\n", "    y = x + 1\n", "    return y\n"), "", "code", 3),
    (("x = 5\n", "print(x)\n"), "5", "program", 1),
    (("x = 6\n", "y = x * 7\n", "print(y)\n", "# done\n"), "42", "program", 3),
    (("x = 6\n", "# so it is 42\n", "print(x * 7)\n"), "42", "program", 2),
    (("def f(x):\n", "    return x\n", "# f(1) is 1\n", "g = f\n"), "", "code", 2),
]


@pytest.mark.parametrize(("steps", "wanted", "kind", "n"), PREFIXES)
def test_prefixes_end_before_the_answer(
    steps: tuple[str, ...], wanted: str, kind: str, n: int
) -> None:
    shown = safe_prefixes(steps, wanted, (), kind)
    assert shown == ["".join(steps[:i]) for i in range(n)]


REAL = [
    ("gsm8k", "gsm8k/test.jsonl", "test", 1319, 0.5),
    ("math", "math/test.jsonl.gz", "test", 5000, 0.7),
    ("aqua", "aqua/test.json", "test", 254, 0.3),
    (COT, f"{GSI}/train_cot_aqua_rat.json", "train", 2973, 0.3),
    (COT, f"{GSI}/train_cot_gsm8k.json", "train", 3000, 0.5),
    (POT, f"{GSI}/train_pot_math.json.gz", "train", 3998, 0.4),
    (POT, f"{GSI}/train_pot_gsm8k.json.gz", "train", 3000, 0.4),
]


@pytest.mark.parametrize(("form", "file", "split", "n", "least"), REAL)
def test_no_real_prefix_holds_its_answer(
    form: str, file: str, split: str, n: int, least: float
) -> None:
    """By the grader, which takes none of them for a solution, and by what they spell out."""
    shown = inner = 0
    items: list[tuple[str, Reference | str, str]] = []
    for row in real_rows(form, file, split, n)[:: n // 250]:
        steps, kind, wanted = row["rationale"], row["kind"], row["answer"]
        found = safe_prefixes(steps, wanted, row["options"], kind)
        assert all("".join(steps).startswith(prefix) for prefix in found)
        assert not holds(found[-1], wanted, row["options"])
        assert kind != "program" or "print(" not in found[-1]
        items.append((kind, Reference(wanted, tuple(row["options"])), found[-1]))
        shown += len(found) - 1
        inner += max(0, len(steps) - 1)
    graded = [item for item in items if item[0] != "program"]
    assert not any(verdict.outcome == "correct" for verdict in grade_all(graded))
    assert shown / inner > least


def real_rows(form: str, file: str, split: str, n: int) -> list[dict[str, Any]]:
    of, other = {"set": (form, file)}, {"gsm8k": ("gsm8k", "gsm8k/test.jsonl")}
    one, two = (of, other) if split == "train" else (other, of)
    rows, _ = separate_rejects(TASK.problems(settings(one, two), 0), "")
    rows = [row for row in rows if row["source"] == "set"]
    assert len(rows) == n
    return rows


def holds(text: str, answer: str, options: list[str]) -> bool:
    """Does the text spell out a number that the answer is, or name the letter that it is."""
    if options:
        return bool(re.search(rf"\({answer}\)|(?i:option|answer is) {answer}\b", text))
    number = re.fullmatch(r"-?\d+(\.\d+)?", answer)
    literal = re.escape(answer.lstrip("-"))
    return bool(number and re.search(rf"(?<![\d.,]){literal}(?![\d]|[.,]\d)", text))


HARD = TailProblem(
    "p", "Q: 3 + 4, twice, and 4?\nA:\n", "3 + 4, twice, and 4?", "18", rationale=STEPS
)
WRONG = Attempt("u1", "3 + 4 = 8\n#### 8", False, guided=False)
RIGHT = Attempt("u2", "#### 18", True, guided=False)


def tried(*outcomes: tuple[int, bool]) -> list[Attempt]:
    """Two unguided samples, then attempts with so many steps shown."""
    rows = [Attempt(f"g{n}", "text", good, shown) for n, (shown, good) in enumerate(outcomes)]
    return [RIGHT, WRONG, *rows]


def begun(shown: int) -> NextPrompt:
    start = "".join(STEPS[:shown])
    share = len(start) / len("".join(STEPS))
    return NextPrompt(HARD.prompt + start, start, start or None, share if shown else 0.0, shown)


def test_brute_force_asks_the_same() -> None:
    assert brute_force(HARD, tried()) == NextPrompt(HARD.prompt)


def test_the_answer_is_beside_the_question() -> None:
    asked = show_answer(HARD, tried())
    assert asked == NextPrompt(asked.prompt, hint="18") and asked.prompt.endswith(HARD.prompt)
    assert "18" in asked.prompt.removesuffix(HARD.prompt)


def test_the_rationale_is_beside_the_question() -> None:
    asked = show_rationale(HARD, tried())
    gold = "".join(STEPS)
    assert asked == NextPrompt(asked.prompt, hint=gold, revealed=1.0)
    assert gold in asked.prompt.removesuffix(HARD.prompt) and asked.prompt.endswith(HARD.prompt)


def test_the_teacher_sees_all_and_the_student_its_words() -> None:
    history = [*tried((0, False)), RIGHT]
    shown = teacher_prompt(HARD, history)
    for part in (HARD.question, "".join(STEPS), "Reference answer: 18", "text"):
        assert part in shown
    asked = revise(HARD, history, "Add first.")
    assert asked == NextPrompt(asked.prompt, hint="Add first.", parent="g0")
    assert asked.prompt.endswith(HARD.prompt) and "Add first." in asked.prompt
    assert "18" not in asked.prompt


RESETS = [
    ("the first attempt shows a step", [], True, 1),
    ("one more after a failure", [(1, False)], True, 2),
    ("as many after a success", [(1, True)], True, 1),
    ("as many after a late success", [(1, False), (2, True)], True, 2),
    ("one more after a failure that follows a success", [(1, True), (1, False)], True, 2),
    ("only the last attempt counts", [(1, False), (2, True), (2, True)], True, 2),
    ("after the last that may be shown, none", [(1, False), (2, False)], True, 0),
    ("and on from there", [(1, False), (2, False), (0, False)], True, 1),
    ("or nothing", [(1, False), (2, False)], False, None),
    ("a success with the last keeps it", [(1, False), (2, True)], False, 2),
]


@pytest.mark.parametrize(
    ("outcomes", "restart", "shown"), [r[1:] for r in RESETS], ids=[r[0] for r in RESETS]
)
def test_state_reset(outcomes: list[tuple[int, bool]], restart: bool, shown: int | None) -> None:
    asked = state_reset(restart)(HARD, tried(*outcomes))
    assert asked == (None if shown is None else begun(shown))


def test_state_reset_never_repeats_a_prefix_in_vain_nor_shows_the_answer() -> None:
    history, shown = tried(), []
    while asked := state_reset(False)(HARD, history):
        shown.append(asked.hint)
        history.append(Attempt("x", "wrong", False, asked.shown))
    assert shown == ["".join(STEPS[:n]) for n in (1, 2)]
    assert not any(states_answer(hint or "", "18") for hint in shown)


@pytest.mark.parametrize("restart", [True, False])
def test_nothing_to_show_is_the_plain_question_or_the_end(restart: bool) -> None:
    bare = TailProblem("p", "Q\n", "Q", "18", rationale=("#### 18",))
    asked = state_reset(restart)(bare, tried())
    assert asked == (NextPrompt("Q\n") if restart else None)


def test_what_begins_an_answer_ends_where_a_token_does() -> None:
    """Before " Next" the model must not be given the blank that its first token holds."""
    steps = ("One step. ", "Another. ", "#### 18")
    shown = state_reset(True)(TailProblem("p", "Q\n", "Q", "18", rationale=steps), tried())
    assert shown and (shown.prompt, shown.start) == ("Q\nOne step.", "One step. ")
    assert (
        join_continuation(shown.start, " Next")
        == join_continuation(shown.start, "Next")
        == "One step. Next"
    )


def test_a_program_is_shown_by_lines() -> None:
    lines = ("def f(x):\n", "    y = x + 1\n", "    return y\n")
    task = TailProblem("p", "Task\n", "Task", "".join(lines), "code", rationale=lines)
    shown = state_reset(True)(task, tried((1, False)))
    assert shown and shown.start == "".join(lines[:2]) and shown.prompt == "Task\n" + shown.start


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

"""What counts as stating the answer."""

from fractions import Fraction

import pytest

from stages.guidance.answer_leak import ends_in_answer, numbers, states_answer

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

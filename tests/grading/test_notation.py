"""What is no part of an answer: scripts, currencies, units, ordinals, introductions."""

import pytest

from stages.grading.mathematics.notation import tidy
from stages.grading.mathematics.plain_equality import are_same

FORTY_TWO = [
    # currencies, by sign and by code, before and after
    "$42", r"\$42.00", "€42", "42 €", "£42", "¥42", "￥42", "₹42", "₩42", "৳42", "42¢", r"42\cent",
    r"\text{RM }42", "USD 42", "42 USD", "US$42", "R$ 42", "HK$42", "CHF 42.00", "Rs. 42", "42 kr",
    "KSh 42", "42 dollars",
    # temperatures and angles
    "42°", "42 °C", "42℃", "42 °F", r"42^\circ", r"42^\circ C", r"42^{\circ}\text{C}",
    r"42\,^\circ\mathrm{C}", "42 degrees Celsius",
    # units
    r"42\text{ cm}", r"42\text{ cm}^{2}", r"42\text{ m}\cdot\text{s}^{-1}", r"42\quad\text{(cm)}",
    r"42\ \frac{\text{m}}{\text{s}}", r"42\,\mathrm{kg\,m^2/s^2}", r"42\text{ m/s}^2",
    r"42\text{ m s}^{-1}", r"42\,\text{sq. units}", r"\SI{42}{m}", r"42\unit{m}", "42 (cm)",
    "42 km/h", "42 per day", "42 km²",
    # units of other languages
    "42 Stück", "42 Äpfel", "42 kg Äpfel", "42 pièces", "42 mètres", "42 metros por día",
    "42 яблока", "42 рублей", "42元", "42個", "42個のりんご", "42円", "42개", "42명", "42 บาท",
    "42 টাকা", "42 సెం", "42 shilingi",
    # digits and signs of other scripts
    "４２", "४२", "৪২", "๔๒", "٤٢", "４２．０", "42。", "第42", "約42", "42\N{NO-BREAK SPACE}",
    # ordinals
    "42nd", "42th", r"42^{\text{nd}}", r"42^{nd}", r"42^\text{nd}", r"42\textsuperscript{nd}",
    "42º",
    # introductions and decorations
    "= 42", "≈ 42", r"\approx 42", r"\text{The answer is } 42", r"\text{Total: }42", "Answer: 42",
    "**42**", "__42__", r"\textbf{42}", r"\begin{aligned}42\end{aligned}", r"\therefore 42",
    r"\text{42 apples}", "x = 42",
]  # fmt: skip


@pytest.mark.parametrize("text", FORTY_TWO)
def test_what_is_around_a_number_is_no_part_of_it(text: str) -> None:
    assert are_same("42", text) is True
    assert are_same(text, "42") is True
    assert are_same("43", text) is False


PAIRS = [
    # fractions, powers, roots and repeated decimals
    ("3.5", "3½", True),
    ("0.5", "½", True),
    ("15/4", "3¾", True),
    ("3.5", "½", False),
    ("x^4", "x⁴", True),
    ("10^{-5}", "10⁻⁵", True),
    ("x_1+y", "x₁ + y", True),
    (r"2\sqrt{3}", "√12", True),
    (r"\frac{200}{3}", r"66.\dot{6}", True),
    (r"\frac{200}{3}", "66.666...", True),
    (r"\frac{200}{3}", "66.67", False),
    (r"\frac{1}{6}", "0.1666…", True),
    (r"\frac{41}{333}", r"0.\dot{1}2\dot{3}", True),
    ("1/3", r"0.\bar{3}", True),
    ("1/3", "0.(3)", True),
    # number words multiply
    ("5000000", "5 million", True),
    ("5000000", r"5\text{ million dollars}", True),
    ("5", "5 million", False),
    ("30000", "3万", True),
    ("3", "3万", False),
    # a product is no ordinal
    ("a+2nd", "a+2", False),
    ("3rd", "3", True),
    # no units: what is done to a number, other numbers
    ("5", "5 and 6", False),
    ("5", "5 и 6", None),
    ("5", "5 oder 6", False),
    ("42", "42 半", None),
    ("30", r"30\text{ (mod 7)}", None),
    ("2", r"2\text{ x 3}", None),
    # percent
    ("42%", "42％", True),
    ("42%", "42 Prozent", True),
    ("42%", "百分之42", True),
    ("0.42", r"42\%", True),
    # names of sets
    (r"\emptyset", r"\varnothing", True),
    (r"\emptyset", "∅", True),
    (r"\emptyset", r"\{\}", True),
    (r"\text{No real solutions}", r"\emptyset", True),
    (r"\emptyset", "0", None),
    (r"\mathbb{R}", "all real numbers", True),
    (r"(-\infty, \infty)", "ℝ", True),
    # Python's powers
    (r"5\sqrt{2}", "5*2**0.5", True),
    ("x^2+1", "x**2 + 1", True),
    ("x^{10}", "x ** 10", True),
    ("x^{-2}", "x**-2", True),
    # lines become a list; a unit is the same letter with and without \text
    ("x=5, y=3", r"\begin{aligned}x&=5\\y&=3\end{aligned}", True),
    ("2 K", r"2\text{ K}", True),
    ("3 K", r"2\text{ K}", False),
]


@pytest.mark.parametrize(("reference", "answer", "decision"), PAIRS)
def test_writings(reference: str, answer: str, decision: bool | None) -> None:
    assert are_same(reference, answer) is decision


def test_an_answer_in_ascii_is_not_changed_by_the_scripts() -> None:
    for text in ("x^2 + 3x", "(1, 2)", r"\frac{1}{2}", "18.5", "Monday", "x_1"):
        assert tidy(text) == text

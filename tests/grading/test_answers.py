"""Where a completion states its answer."""

import pytest

from stages.grading.mathematics.answers import find_answer

EXTRACTED = [
    # one form each
    (r"so the total is \boxed{18}", "18"),
    (r"thus $\boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
    (r"\fbox{7}", "7"),
    (r"thus \boxed 7.", "7"),
    ("He sells 9.\n#### 18", "18"),
    ("She makes $18.\nA: 18", "18"),
    ("**A:** 18", "18"),
    ("So the answer is 18.", "18"),
    ("The answer is $18.", "$18"),
    (r"The final answer is \(\frac{1}{2}\) of it.", r"\frac{1}{2}"),
    ("The answer to the question is 3.5. Done.", "3.5"),
    ("**Answer:** 18", "18"),
    ("answer: 18", "18"),
    ("The answer is:\n\n18", "18"),
    ("The answer is:\n\\[\nx = 5\n\\]", "x = 5"),
    ("The answer is 18, since 9 eggs cost $2.", "18"),
    ("A: 18 dollars", "18 dollars"),
    # the last stated one wins, whatever its form
    (r"\boxed{17} ... no: the answer is 18", "18"),
    (r"The answer is 17. Wait, \boxed{18}", "18"),
    ("#### 17\nA: 18", "18"),
    ("A: There are 9 eggs at $2 each. The answer is 18.", "18"),
    (r"The answer is \boxed{18}. I hope my answer is correct.", "18"),
    (r"\boxed{18} and then \boxed{}", "18"),
    (r"\boxed{18} and then \boxed{19", "18"),
    (r"\boxed{\text{the answer is } 18}", r"\text{the answer is } 18"),
    (r"The answer is 5 or \boxed{east}", "east"),
    ("#### Thursday", "Thursday"),
    ("Final Answer: The final answer is $5$. I hope it is correct.", "5"),
    ("**Answer:** The answer is $5$.", "5"),
    ("The answer is 17. Wait, the answer is 18.", "18"),
    ("So my answer is wrong. Recomputing, the answer is 14.", "14"),
    ("The answer is 14. I hope that this answer is correct.", "14"),
    ("The answer is 14, so the answer is positive.", "14"),
    ("The answer is 14, not 15.", "14"),
    # headings are no answers
    ("\\boxed{18}\n\n#### Conclusion\nDone.", "18"),
    ("#### 2. Solve the equation\nso \\boxed{18}\n###### 7", "18"),
    ("#### Step 3: add 5\nThen we are done.", None),
    # boxes with braces of their own
    (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
    (r"\boxed{x_{1_{2}}}", "x_{1_{2}}"),
    (r"{ \boxed{18}", "18"),
    # calculator annotations
    ("so <<48/2=24>>24 a day\nA: <<24*1=24>>24", "24"),
    # bare answers
    ("18", "18"),
    (r" \frac{1}{2} ", r"\frac{1}{2}"),
    ("x = 5", "x = 5"),
    ("Thursday", "Thursday"),
    (r"#### \text{June 20}", r"\text{June 20}"),
    (r"The answer is $\$1.25$.", r"\$1.25"),
    ("The answer is $AB=9, CD=4$.", "AB=9, CD=4"),
    (r"\boxed{44}. To check our answer: $17*44 = 748 = 9*83+1$.", "44"),
    ("The answers are $3$ and $4$.", "3, 4"),
    (r"Answer: \(x=3\) or \(x=4\), by symmetry", "x=3, x=4"),
    ("The answer is $5$, and $x$ is positive.", "5"),
    (r"So \boxed5.", "5"),
    ("Answer:\n```\n5\n```", "5"),
    # no answer
    ("", None),
    ("She sells 9 eggs for $2 each, so she makes 18", None),
    ("3 + 4 = 7", None),
    ("First 3 + 4 = 7.\nThen 7 * 2 = 14.", None),
    (r"so we get \boxed{18", None),
    (r"\boxed{}", None),
    ("I don't know", None),
    ("A: There are 15 trees in the grove", None),
]


@pytest.mark.parametrize(("completion", "answer"), EXTRACTED)
def test_answer_is_found_where_stated(completion: str, answer: str | None) -> None:
    assert find_answer(completion) == answer

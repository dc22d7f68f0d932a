"""How far a completion is the model's own solution."""

import pytest

from stages.grading.kinds import cut_after_solution

GO_ON = [
    # (kind, solution, what the model adds)
    ("math", "#### 42", "\n\nQuestion: Mia has 3.\n#### 3"),
    ("math", "The answer is 42.", "\nQ: Mia has 3.\nA: 3"),
    ("math", "So \\boxed{42}.", "\nUser: thanks!"),
    ("math", "So \\boxed{42}.", "\n\n### Instruction\nAdd 1 and 1."),
    ("math", "So \\boxed{42}.", "\n\n**Problem:** Add 1 and 1."),
    ("math", "So \\boxed{42}.", "\n\nProblem 2: Add 1 and 1."),
    ("math", "答案是42。", "\n\n问题：1+1=？"),
    ("math", "Die Antwort ist 42.", "\n\nFrage: 1+1?"),
    ("math", "La réponse est 42.", "\n\nQuestion : 1+1 ?"),
    ("math", "So \\boxed{42}.", "\nAssistant: Anything else?"),
    ("math", "So \\boxed{42}.", "\n[Question] 1 + 1?"),
    ("math", "#### 42", "<|im_end|>\n<|im_start|>user"),
    ("math", "#### 42", "</s><s>[INST] more [/INST]"),
    ("math", "#### 42", "<end_of_turn>"),
    ("math", "#### 42", "<|eot_id|><|start_header_id|>user<|end_header_id|>"),
    ("math", "#### 42", "<｜end▁of▁sentence｜>"),
    ("math", "So she has 42.", "\n\nQuestion: Mia has 3. How many?"),
    ("math", "<think>#### 1\n\nQuestion: is it?</think>#### 42", "\n\nQuestion: 1+1?"),
    ("choice", "Answer: B", "\n\nQuestion: Which is hot?\nAnswer: A"),
    ("choice", "B", "\n\nQuestion: Which is hot?\nAnswer: A"),
    ("code", "def f(x):\n    return x", "\n\nTask: subtract\ndef g(x): pass"),
    ("code", "```python\ndef f(x):\n    return x\n```", "\n\nProblem: subtract\n"),
    ("program", "print(42)", "\n\nQuestion: 1+1?\nprint(2)"),
]
WHOLE = [
    ("math", ""),
    ("math", "Question: Mia has 3.\nThe answer is 3."),
    ("math", "We restate it.\n\nProblem: Mia has 3 pens.\nThe answer is 3."),
    ("math", "Question 1: how many? The answer is 3.\nQuestion 2: in all? The answer is 6."),
    ("math", "<think>The answer is 3.\n\nQuestion: is it?"),
    ("math", "0 <|x|> 1, the answer is 3: no question"),
    ("math", "The question: is it 3?"),
    ("math", "User: 3 pens?\n\nAssistant: The answer is 3."),
    ("code", 'import os\n"""\nProblem: add\n"""\ndef f(x): pass'),
    ("code", "```python\nx = 1\nQuestion: int = 1\n```"),
    ("code", 'TOKENS = ["<|im_end|>", "</s>"]'),
]


@pytest.mark.parametrize(("kind", "solution", "more"), GO_ON)
def test_what_follows_the_solution_is_cut(kind: str, solution: str, more: str) -> None:
    assert cut_after_solution(kind, solution + more) == solution


@pytest.mark.parametrize(("kind", "text"), WHOLE)
def test_a_solution_stays_whole(kind: str, text: str) -> None:
    assert cut_after_solution(kind, text) == text


def test_the_beginning_that_a_model_was_given_is_never_cut() -> None:
    start = "#### 42\n\nQuestion: what of 3?\n"
    assert cut_after_solution("math", "#### 3\n\nQuestion: and 4?", start) == "#### 3"


def test_labels_without_end_take_no_time() -> None:
    text = "\nQuestion: what?" * 20_000
    assert cut_after_solution("math", text) == text

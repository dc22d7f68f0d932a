"""Where an answer begins after a model has thought aloud."""

import pytest

from stages.grading.thinking import after_thinking


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("7", "7"),
        (" 7\n", " 7\n"),
        ("<think>3 + 4</think>\n\n7", "7"),
        ("3 + 4\n</think>\n7 ", "7"),
        ("<Thinking>a</thinking> <think>b</think> 7", "7"),
        ("<think>3 + 4", None),
        ("<think>3 + 4</think>", ""),
        ("Is 1 < 2? <think> is a word", "Is 1 < 2? <think> is a word"),
        ("", ""),
    ],
)
def test_the_answer_comes_after_the_thoughts(text: str, answer: str | None) -> None:
    assert after_thinking(text) == answer

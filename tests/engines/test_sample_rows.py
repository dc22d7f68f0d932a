"""Completions as they become rows."""

import pytest

from stages.engines.engine import Completion
from stages.engines.sample_rows import own_completions

CASES = [
    # (kind, start, drawn, kept)
    ("math", "", "#### 7", "#### 7"),
    ("math", "", "#### 7\n\nQuestion: 1 + 1?\n#### 2", "#### 7"),
    ("math", "3 + 4 = 7\n", "#### 7\nHuman: thanks", "#### 7"),
    ("math", "#### 7\n\nQuestion: is it so?\n", "#### 7", "#### 7"),
    ("code", "def f(x):\n", "    return x\n\nTask: subtract\ndef g(x): pass", "    return x"),
]


@pytest.mark.parametrize(("kind", "start", "drawn", "kept"), CASES)
def test_a_text_ends_where_the_solution_does(kind: str, start: str, drawn: str, kept: str) -> None:
    before = Completion(drawn, 9, -2.5, "length")
    (after,) = own_completions([before], [kind], [start])
    if kept == drawn:
        assert after is before
    else:
        assert after == Completion(kept, 9, None, "stop")

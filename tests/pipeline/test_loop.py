"""The loop, unrolled."""

from typing import Any

import pytest

from stages.pipeline.loop import unroll


@pytest.mark.parametrize(
    ("iteration", "turns", "models"),
    [
        (1, {"1": {"prev": 0}}, [0, 1]),
        (2, {"1": {"prev": 0}, "2": {"prev": 1}}, [0, 1, 2]),
        *[(value, {}, [0]) for value in (0, -1, 1000, True, 2.0, "2", None)],
    ],
)
def test_each_turn_names_the_one_before(iteration: Any, turns: Any, models: list[int]) -> None:
    assert unroll(iteration) == {"turns": turns, "models": models}

"""Planned memory is within 20% of what a process takes; `tests.bench.memory` has more cases."""

import pytest

from tests.fakes.measured_memory import MemoryCase, measure, planned_bytes

CASES = [
    MemoryCase("orpo", "tiny", 32, 256),
    MemoryCase("sft", "tiny", 32, 256),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_is_near_what_is_measured(case: MemoryCase) -> None:
    assert planned_bytes(case) == pytest.approx(measure(case), rel=0.2)

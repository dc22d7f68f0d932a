"""Inputs that once found a fault, and the first few of each kind, through `tests.fuzz`."""

import pytest

from tests.fuzz import KINDS, kept_seeds
from tests.fuzz.worker import outcome

FIRST = [(kind, seed) for kind in KINDS for seed in range(3 if kind != "programs" else 1)]


@pytest.mark.parametrize(("kind", "seed"), [*FIRST, *kept_seeds()])
def test_what_a_seed_makes_ends_as_it_should(kind: str, seed: int) -> None:
    what, details = outcome(kind, seed)
    assert what != "fault", details

"""What a benchmark is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Two ways of doing one piece of work; both are warmed up once before they are timed."""

    work: str
    ours: Callable[[], object]
    other_way: str
    other: Callable[[], object]
    differences: Callable[[], list[str]] | None = None
    """what the two ways say otherwise, a line each; without it they must say the same"""
    notes: Callable[[], list[str]] | None = None
    """what else was measured, a line each"""
    rounds: int = 3
    """a single one, without warming up, where a way takes minutes"""

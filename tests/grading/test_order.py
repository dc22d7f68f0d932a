"""Verdicts are a function of the program: spoilt and honest ones, in any order."""

import random

import pytest

from stages.grading.grade import Item, grade_all
from stages.grading.programs import sandbox, sandbox_command
from stages.grading.programs.sandbox import Limits
from stages.grading.reference import Verdict
from tests.fakes.probes import programs

SPOILT, HONEST = programs()
LIMITS = Limits(timeout_s=0.5, memory_mb=256)


def graded(items: list[Item], seed: int, workers: int) -> dict[Item, Verdict]:
    order = random.Random(seed).sample(items, len(items))
    return dict(zip(order, grade_all(order, workers=workers, limits=LIMITS), strict=True))


def as_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root, all processes of a sandbox are of one user."""
    for module in (sandbox, sandbox_command):
        monkeypatch.setattr(module, "is_root", lambda mode: False)


def without_a_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a kernel without filters of system calls."""
    command = sandbox_command.python_command

    def unfiltered(mode: sandbox_command.Mode) -> list[str]:
        *start, code = command(mode)
        return [
            *start,
            code.replace(
                "server.main()", "server.refusals.Filter.set = lambda own: False; server.main()"
            ),
        ]

    monkeypatch.setattr(sandbox, "python_command", unfiltered)


def test_there_are_sixty_programs_of_both_kinds() -> None:
    assert len({*SPOILT, *HONEST}) == 60
    assert min(len(SPOILT), len(HONEST)) >= 20


@pytest.mark.parametrize("users", [None, as_the_caller], ids=["users", "one user"])
def test_every_order_gives_the_same_verdicts(
    users: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    if callable(users):
        users(monkeypatch)
    first, *others = [graded(SPOILT + HONEST, seed, 1 + seed % 2) for seed in range(3)]
    for other in others:
        assert {item: (first[item], v) for item, v in other.items() if v != first[item]} == {}


@pytest.mark.parametrize("users", [None, as_the_caller], ids=["users", "one user"])
def test_without_a_filter_what_is_spoilt_is_replaced(
    users: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    if callable(users):
        users(monkeypatch)
    without_a_filter(monkeypatch)
    alone = graded(HONEST, 0, 1)
    after_others = graded(SPOILT + HONEST, 1, 1)
    assert {i: (v, after_others[i]) for i, v in alone.items() if v != after_others[i]} == {}

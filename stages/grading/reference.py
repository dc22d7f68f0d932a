"""What an answer is held against."""

from typing import NamedTuple


class Reference(NamedTuple):
    """The reference of one problem.

    answer: the reference answer; of kind code, the reference program.
    options: what a choice is made from, A first; empty where nothing is chosen.
    tests: of kind code, pieces of Python, each run after the last; they call what is asked for.
    given: of kind code, Python that stands before every solution, such as imports.
    """

    answer: str
    options: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    given: str = ""

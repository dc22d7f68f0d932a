"""What the code toy's functions do: each operation with ways to say it and ways to write it."""

from typing import NamedTuple

THINGS = ["prices", "ages", "scores", "sizes", "days", "costs", "marks", "points"]
NAMES = ["f", "g", "h", "work", "solve", "answer"]
LETTERS = "aelst"
OPENINGS = {  # parameters → ways to name them
    "a": ["Take a list of {things}.", "Here is a list of {things}.", "Given a list of {things}:"],
    "a, b": ["Take two lists of {things}, a and b.", "Given lists a and b of {things}:"],
    "s": ["Take a word.", "Here is a word.", "Given a word:"],
}
SHAPES = {  # level → how many operations (list a, list b, both joined)
    1: [(1, 0, 0)],
    2: [(2, 0, 0)],
    3: [(3, 0, 0), (1, 1, 0)],
    4: [(4, 0, 0), (1, 1, 1), (2, 1, 0), (1, 2, 0)],
    5: [(2, 1, 1), (1, 2, 1), (2, 2, 0), (1, 1, 2)],
}


class Operation(NamedTuple):
    """From a value of one sort to the next: a list, a word s, a number n.

    `{v}` is the variable, `{n}` the operand (none larger than `most`), `{m}` the number after it,
    `{c}` a letter.
    """

    takes: str
    gives: str
    says: tuple[str, ...]
    lines: tuple[str, ...]
    most: int = 7


def _each(takes: str, gives: str, lines: str, *says: str, most: int = 7) -> Operation:
    return Operation(takes, gives, says, tuple(lines.split(" | ")), most)


JOIN = _each("a", "a", "a = a + b", "put b behind a", "add b at the end of a")
OPERATIONS = [
    # which ones
    _each("a", "a", "{v} = [x for x in {v} if x > {n}]", "keep those above {n}", "drop all up to {n}"),
    _each("a", "a", "{v} = [x for x in {v} if x < {n}]", "keep those below {n}", "drop all from {n} up"),
    _each("a", "a", "{v} = [x for x in {v} if x % 2 == 0]", "keep the even ones"),
    _each("a", "a", "{v} = [x for x in {v} if x % 2 == 1]", "keep the odd ones"),
    # each of them
    _each("a", "a", "{v} = [x + {n} for x in {v}]", "add {n} to each", "raise each by {n}"),
    _each("a", "a", "{v} = [x - {n} for x in {v}]", "take {n} from each", "lower each by {n}"),
    _each("a", "a", "{v} = [x * {n} for x in {v}]", "multiply each by {n}"),
    # by place
    _each("a", "a", "{v} = {v}[{n}:]", "skip the first {n}", most=3),
    _each("a", "a", "{v} = {v}[:{n}]", "keep the first {n}", most=3),
    _each("a", "a", "{v} = {v}[::-1]", "reverse the order", "turn it round"),
    _each("a", "a", "{v} = sorted({v})", "sort from low to high", "put the lowest first"),
    _each("a", "a", "{v} = sorted({v}, reverse=True) | {v} = sorted({v})[::-1]", "sort from high to low", "put the highest first"),
    # a number of them
    _each("a", "n", "n = sum({v})", "give the sum", "add all up"),
    _each("a", "n", "n = len({v})", "count them", "give how many there are"),
    _each("a", "n", "n = max({v}, default=0)", "give the highest, 0 if none is left"),
    _each("n", "n", "n = n + {n}", "add {n} to that", "make that {n} more"),
    _each("n", "n", "n = n - {n}", "take {n} from that", "make that {n} less"),
    _each("n", "n", "n = n * {n}", "multiply that by {n}"),
    # words
    _each("s", "s", "s = s[::-1]", "write it backwards", "turn it round"),
    _each("s", "s", "s = s.upper()", "write it in capitals"),
    _each("s", "s", "s = s[{n}:]", "skip the first {n}", most=3),
    _each("s", "s", "s = s[:{n}]", "keep the first {n}", most=3),
    _each("s", "s", "s = s * {n}", "write it {n} times", most=3),
    _each("s", "n", "n = len(s)", "count its letters", "give its length"),
    _each("s", "n", 'n = s.count("{c}")', "count each {c}", "say how many {c} it has"),
]

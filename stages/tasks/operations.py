"""The operations of the code toy's functions, with ways to say and to write each."""

from typing import NamedTuple

THINGS = ["prices", "ages", "scores", "sizes", "days", "costs", "marks", "points"]
NAMES = ["f", "g", "h", "work", "solve", "answer"]
LETTERS = "aelst"
OPENINGS = {  # parameters → ways to name them
    "a": ["Take a list of {things}.", "Here is a list of {things}.", "Given a list of {things}:"],
    "a, b": ["Take two lists of {things}, a and b.", "Given lists a and b of {things}:"],
    "s": ["Take a word.", "Here is a word.", "Given a word:"],
}
SHAPES = {  # level → number of operations (on a; on b, then one that joins them; on both)
    1: [(1, 0, 0)],
    2: [(2, 0, 0)],
    3: [(3, 0, 0), (1, 1, 0)],
    4: [(4, 0, 0), (1, 1, 1), (2, 1, 0), (1, 2, 0)],
    5: [(2, 1, 1), (1, 2, 1), (2, 2, 0), (1, 1, 2)],
}


class Operation(NamedTuple):
    """Ways to write it, each one line, and ways to say it.

    `{v}` is a list's variable, `{n}` the operand, from 2 to `max_operand`, `{c}` a letter.
    """

    lines: list[str]
    phrases: list[str]
    max_operand: int = 7


JOIN = Operation(["a = a + b"], ["put b behind a", "add b at the end of a"])
OPERATIONS = {  # (variable read, variable set) → operations; a list a, a word s, a number n
    ("a", "a"): [
        Operation(
            ["{v} = [x for x in {v} if x > {n}]"], ["keep those above {n}", "drop all up to {n}"]
        ),
        Operation(
            ["{v} = [x for x in {v} if x < {n}]"], ["keep those below {n}", "drop all from {n} up"]
        ),
        Operation(["{v} = [x for x in {v} if x >= {n}]"], ["drop those below {n}"]),
        Operation(["{v} = [x for x in {v} if x % 2 == 0]"], ["keep the even ones"]),
        Operation(["{v} = [x for x in {v} if x % 2 == 1]"], ["keep the odd ones"]),
        Operation(["{v} = [x + {n} for x in {v}]"], ["add {n} to each", "raise each by {n}"]),
        Operation(["{v} = [x - {n} for x in {v}]"], ["take {n} from each", "lower each by {n}"]),
        Operation(["{v} = [x * {n} for x in {v}]"], ["multiply each by {n}"]),
        Operation(["{v} = [x * 2 for x in {v}]", "{v} = [x + x for x in {v}]"], ["double each"]),
        Operation(["{v} = {v}[{n}:]"], ["skip the first {n}"], max_operand=3),
        Operation(["{v} = {v}[:{n}]"], ["keep the first {n}"], max_operand=3),
        Operation(["{v} = {v}[::-1]"], ["reverse the order", "turn it round"]),
        Operation(["{v} = sorted({v})"], ["sort from low to high", "put the lowest first"]),
        Operation(
            ["{v} = sorted({v}, reverse=True)", "{v} = sorted({v})[::-1]"],
            ["sort from high to low", "put the highest first"],
        ),
    ],
    ("a", "n"): [
        Operation(["n = sum({v})"], ["give the sum", "add all up"]),
        Operation(["n = len({v})"], ["count them", "give how many there are"]),
        Operation(["n = max({v}, default=0)"], ["give the highest, 0 if there is none"]),
    ],
    ("n", "n"): [
        Operation(["n = n + {n}"], ["add {n} to that", "make that {n} more"]),
        Operation(["n = n - {n}"], ["take {n} from that", "make that {n} less"]),
        Operation(["n = n * {n}"], ["multiply that by {n}"]),
    ],
    ("s", "s"): [
        Operation(["s = s[::-1]"], ["write it backwards", "turn it round"]),
        Operation(["s = s.upper()"], ["write it in capitals"]),
        Operation(["s = s[{n}:]"], ["skip the first {n}"], max_operand=3),
        Operation(["s = s[:{n}]"], ["keep the first {n}"], max_operand=3),
        Operation(["s = s * {n}"], ["write it {n} times"], max_operand=3),
    ],
    ("s", "n"): [
        Operation(["n = len(s)"], ["count its letters", "give its length"]),
        Operation(['n = s.count("{c}")'], ["count each {c}", "say how many {c} it has"]),
    ],
}

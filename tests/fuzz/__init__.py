"""Random input of five kinds: `python -m tests.fuzz --minutes 60`, or `make fuzz MINUTES=60`.

A kind is a module with a function `case(chance, folder)`: it makes one input out of the random
numbers, in an empty folder, gives it to the product, and returns what came of it, in a word or
two. RatchetError in one line is what bad input must end with. Whatever else is raised, printed as a
traceback, hangs (see `hang`) or ends the process is a fault, and so is an AssertionError of
the case's own. All input is harmless: what is wrong with it is what is wrong with files of people.
"""

from pathlib import Path

KINDS = ("rows", "params", "replies", "models", "programs")
SEEDS = Path(__file__).with_name("seeds.txt")


def kept_seeds() -> list[tuple[str, int]]:
    """(kind, seed) of every input that once found a fault."""
    lines = [line.partition("#")[0].split() for line in SEEDS.read_text().splitlines()]
    return [(kind, int(seed)) for kind, seed in filter(None, lines)]

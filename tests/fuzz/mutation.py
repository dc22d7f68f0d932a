"""Changes values at random, as files of people and replies of servers are odd."""

from copy import deepcopy
from random import Random
from typing import Any

FRAGMENTS = (
    *(
        "",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\x00",
        "\x1b[31m",
        "\u202e",
        "\ufeff",
        "é",
        "数",
        "😀",
        "\ud800",
    ),
    *(
        "#### ",
        "<<1+1=2>>",
        "\\boxed{",
        "\\frac{1}{",
        "}",
        "{",
        "$",
        "(A)",
        "B)",
        "[",
        "]",
        '"',
        "'",
    ),
    *(
        "\\",
        "%",
        "/",
        "..",
        "~",
        "-",
        "1e400",
        "0x10",
        "NaN",
        "None",
        "null",
        "true",
        "???",
        "${a}",
    ),
    *("7", "3.0", "1,000", "1/0", "x" * 300, "def f(x):\n", "```python\n", "import math\n", "</s>"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 2**31, 2**53 + 1, 10**30, -0.0, 0.5, 1e-9, 1e300),
    *("", " ", "7", "text", "null", [], {}, [[]], [None], ["a", 1], {"a": 1}, {"": None}),
)


def mutated(value: Any, chance: Random, n: int = 1, values: tuple[Any, ...] = VALUES) -> Any:
    """A copy of nested dicts and lists in which up to `n` things are another."""
    value = deepcopy(value)
    for _ in range(n):
        value = _mutated_once(value, chance, values)
    return value


def _mutated_once(value: Any, chance: Random, values: tuple[Any, ...]) -> Any:
    if isinstance(value, dict | list) and value and chance.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = chance.choice(keys)
        if chance.random() < 0.7:
            value[key] = _mutated_once(value[key], chance, values)
        else:
            _rearrange(value, key, chance)
        return value
    if isinstance(value, str) and chance.random() < 0.6:
        return mutated_text(value, chance)
    if isinstance(value, int | float) and not isinstance(value, bool) and chance.random() < 0.5:
        return chance.choice([-value, value + 1, value * 1000, value / 7, str(value), [value]])
    return deepcopy(chance.choice(values))


def _rearrange(value: Any, key: Any, chance: Random) -> None:
    """Takes something out, doubles it, renames it, or moves it."""
    taken = value.pop(key)
    action = chance.randrange(4)
    if isinstance(value, list):
        value.extend([[], [taken, taken], [[taken]], [taken, None]][action])
    elif action == 1:
        value[f"{key}{chance.choice(FRAGMENTS)}"] = taken
    elif action == 2:
        value[key] = [taken]
    elif action == 3 and value:
        other = chance.choice(list(value))
        value[key], value[other] = value[other], taken


def mutated_text(text: str, chance: Random) -> str:
    """The text with a piece more, less, twice or elsewhere."""
    start, end = sorted(chance.randint(0, len(text)) for _ in range(2))
    end = min(end, start + chance.choice([0, 1, 8, 100]))
    piece = chance.choice(["", text[start:end] * 2, *chance.sample(FRAGMENTS, 3)])
    return text[:start] + piece + text[end:]

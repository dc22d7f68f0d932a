"""Invented rows of data sets."""

from typing import Any

Q = {"question": "How many?"}
ASKED = "How many?\nAnswer Choices: (A) 3 (B) 4"
ADD = "def add(a, b):\n"
HUMAN = {
    "prompt": f'import math\n\n{ADD}    """ Adds two.\n    More.\n    >>> add(1, 2)\n    3"""\n',
    "canonical_solution": "    return a + b\n",
    "entry_point": "add",
    "test": "\ndef check(f):\n    assert f(1, 1) == 2\n",
    "task_id": "HumanEval/900",
}
MBPP = {
    "task_id": 700,
    "text": "Write a function to add.",
    "code": "def add(a, b):\r\n\treturn a + b",
    "test_setup_code": "",
    "test_list": ["assert add(1, 2) == 3", "assert add(2, 2) == 4", "assert add(0, 0) == 0\n"],
}
SHOWN = ["assert add(1, 2) == 3", "assert add(2, 2) == 4", "assert add(0, 0) == 0"]


def without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}

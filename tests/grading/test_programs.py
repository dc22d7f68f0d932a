"""Programs: where a completion writes one, and what its tests or its output say of it."""

import gzip
import json
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from stages.grading.grade import grade_all
from stages.grading.programs.find_program import find_program
from stages.grading.programs.inside.values import TooDeepError, decode, encode
from stages.grading.programs.sandbox import Limits
from stages.grading.reference import Reference
from tests.fakes.real_datasets import datasets_folder

F = "def f(x):\n    return x + 1"
SITES = {
    "bare": (F, F),
    "fenced": (f"So:\n```python\n{F}\n```\nThat is it.", F),
    "fenced without a language": (f"```\n{F}\n```", F),
    "fenced in parts": (f"```py\n{F}\n```\nand\n```python\ny = f(1)\n```", f"{F}\ny = f(1)"),
    "another language": (f"```bash\nls\n```\n```python\n{F}\n```", F),
    "a fence without an end": (f"```python\n{F}\n", F),
    "a fence without an end, cut off": (f"```python\n{F}\ndef g(", F),
    "talk after it": (f"{F}\n\nThis function adds one to x.", F),
    "talk before it": (f"Here is the function:\n\n{F}", F),
    "talk around it": (f"Here is the function:\n\n{F}\n\nIt adds one, so f(1) is 2.", F),
    "Windows line ends": (F.replace("\n", "\r\n"), F),
    "an end marker": (f"{F}<|im_end|>", F),
    "another end marker": (f"```python\n{F}\n```</s>", F),
    "an indented fence": ("1. So:\n   ```python\n   def f(x):\n       return x + 1\n   ```", F),
    "tildes": (f"~~~python\n{F}\n~~~", F),
    "four backticks": (f"````python\n{F}\n````", F),
    "a fence that only closes": (f"{F}\n```", F),
    "a fence that only closes, then talk": (f"{F}\n```\n\n### Explanation\nIt adds one.", F),
    "a fence that only closes, then a use": (
        f"{F}\n```\n```python\nprint(f(1))\n```",
        f"{F}\nprint(f(1))",
    ),
    "a fence glued to the program": (f"```python\n{F}```", F),
    "a block that shows its use": (
        f"```python\n{F}\n```\n```python\nassert f(int(input())) == 2\n```",
        F,
    ),
    "a second print": ("```python\nprint(42)\n```\nIt prints\n```\nprint(41)\n```", "print(42)"),
    "a later version": (
        f"```python\ndef f(x): pass\n```\nBetter:\n```python\n{F}\n```",
        f"def f(x): pass\n{F}",
    ),
    "its output in a block": (f"```python\n{F}\n```\nOutput:\n```\n2 and 3\n```", F),
    "thoughts with a draft": (f"<think>\n```python\nx = 1\n```\n</think>\n```python\n{F}\n```", F),
    "another task after it": (
        f"```python\n{F}\n```\n\nTask: subtract\n```python\ndef g(x): return x - 1\n```",
        F,
    ),
    "a label in its docstring": (
        'import os\n\n"""\nProblem: x\n"""\ndef f(x): pass',
        'import os\n\n"""\nProblem: x\n"""\ndef f(x): pass',
    ),
    "marks of MBPP": (f"[BEGIN]\n{F}\n[DONE]", F),
    "an import first": (f"Sure.\nimport math\n{F}", f"import math\n{F}"),
    "words alone": ("I can't tell.", None),
    "nothing": ("", None),
    "a comment alone": ("# to do", None),
    "an empty fence": ("```python\n```", None),
    "no Python in the fence": ("```python\nfunction f() {}\n```", None),
    "nested too deep": ("(" * 9_000 + "1" + ")" * 9_000, None),
    "a null byte": ("x = 1\0", None),
    "too long": ("x = 1\n" * 20_000, None),
    "signs without end": ("-" * 19_000 + "1", None),
    "names without end": ("import " + "a." * 45_000 + "a", None),
}


@pytest.mark.parametrize("name", SITES)
def test_where_a_program_is_written(name: str) -> None:
    completion, program = SITES[name]
    found = find_program(completion)
    assert (found and found.strip()) == program


PLAIN = [
    None, True, 1, -(1 << 80), 1.5, float("inf"), "text\ud800", [], [1, [2.0, "3"]], (), (1, (2,)),
    {1, 2}, frozenset({"a"}), {"a": [1], (1, 2): {3}}, b"\0\xff", bytearray(b"x"), 1 + 2j,
    int, dict, Fraction(-1, 1 << 80), Decimal("1.50"), Decimal("-Infinity"), date(2024, 2, 29),
    datetime(2024, 2, 29, 23, 59, 1, 2, UTC), time(1, 2), timedelta(-1, 5, 7), range(9, 0, -2),
    deque([1, (2,)]), {1: 2}.keys(), {1: [2]}.items(),
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_cross_as_they_are(value: object) -> None:
    text = json.dumps(encode(value, lambda v: pytest.fail(f"{v} is kept")))
    found = decode(json.loads(text), lambda how, what: pytest.fail(f"{what} was kept"))
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "data",
    [
        {"eval": "1"},
        {"tuple": [1], "set": []},
        {},
        {"type": "print"},
        {"Fraction": ["0x1", "0x0"]},
        {"Decimal": "x"},
        {"date": 1},
    ],
)
def test_what_is_no_value_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"no (value|type) has"):
        decode(data, lambda how, what: what)


def test_a_value_in_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(TooDeepError):
        encode(loop, id)


PAIR = "class Pair:\n    def __init__(self, a, b):\n        self.a, self.b = a, b\n"
TESTED = {
    "right": (F, "", ["assert f(1) == 2"], F, "correct", "tests pass"),
    "wrong": (F, "", ["assert f(1) == 2", "assert f(2) == 3"], "def f(x): return 2", "wrong",
              "test 2 of 2 fails"),
    "another name": (F, "", ["assert f(1) == 2"], "def g(x): return 2", "wrong",
                     "test 1 of 1: NameError: name 'f' is not defined"),
    "raises": (F, "", ["assert f(1) == 2"], "def f(x): return 1 / 0", "wrong",
               "test 1 of 1: ZeroDivisionError: division by zero"),
    "does not run": (F, "", ["assert f(1) == 2"], "x = y", "wrong",
                     "before the tests: the program fails: NameError: name 'y' is not defined"),
    "no program": (F, "", ["assert f(1) == 2"], "I give up.", "unparseable", "no answer found"),
    "no tests": (F, "", [], F, "error", "no tests"),
    "a test that is no Python": (F, "", ["assert f(1) =="], F, "error",
                                 "a test is no Python: SyntaxError: invalid syntax (test, line 1)"),
    "a test that hands over a module": (F, "", ["import math\nassert f(math) == 2"], F, "error",
                                        "test 1 of 1: a module can't be handed to a program"),
    "classes of the program": (
        PAIR + "def f(p): return p.a", "",
        ["assert f(Pair(1, 2)) == 1", "p = Pair(3, 4)\np.a = 5\nassert f(p) == 5 and p.b == 4"],
        PAIR + "def f(p): return p.a", "correct", "tests pass"),
    "iterators": (F, "", ["assert list(f(3)) == [0, 1, 2] and next(f(1)) == 0"],
                  "def f(n): return (i for i in range(n))", "correct", "tests pass"),
    "an expected exception": (
        F, "", ["try:\n    f(1)\n    assert False\nexcept ValueError:\n    pass"],
        "def f(x): raise ValueError(x)", "correct", "tests pass"),
    "an argument changed in place": (F, "", ["x = [2, 1]\nf(x)\nassert x == [1, 2]"],
                                     "def f(x): x.sort()", "correct", "tests pass"),
    "a subclass holds a plain value": (
        F, "", ["assert f('aab') == {'a': 2, 'b': 1}"],
        "from collections import Counter\ndef f(x): return Counter(x)", "correct", "tests pass"),
    "a name of Python's that the reference has": (
        "def sum(a, b): return a * b", "", ["assert sum(2, 3) == 6"],
        "def sum(a, b): return a * b", "correct", "tests pass"),
    "a right fraction": (F, "", ["from fractions import Fraction\nassert f(1) == Fraction(1, 3)"],
                         "from fractions import Fraction\ndef f(x): return Fraction(1, 3)",
                         "correct", "tests pass"),
    "a module's name that the tests call": (
        "", "", ["assert select([1, 2]) == 1"], "def select(x): return x[0]",
        "correct", "tests pass"),
    "a module that the tests use": (
        "", "", ["assert math.floor(f(1.5)) == 2"], "def math(x): pass\ndef f(x): return x + 1",
        "correct", "tests pass"),
    "a library's name": (F, "", ["assert math.isclose(f(1), 2)"], F, "correct", "tests pass"),
    "code that is given": (
        "def f(x): return h(x)", "def h(x): return x + 1", ["assert f(1) == h(1)"],
        "def f(x): return h(x)", "correct", "tests pass"),
    "a check of the candidate": (F, "", ["def check(c):\n    assert c(1) == 2\n", "check(f)"], F,
                                 "correct", "tests pass"),
    "true is one, as in Python": (F, "", ["assert f(0) == True"], F, "correct", "tests pass"),
}  # fmt: skip


def test_tests_decide() -> None:
    items = [
        ("code", Reference(answer, tests=tuple(tests), given=given), program)
        for answer, given, tests, program, _, _ in TESTED.values()
    ]
    verdicts = dict(zip(TESTED, grade_all(items, limits=Limits(2.0)), strict=True))
    assert {name: (v.outcome, v.detail) for name, v in verdicts.items()} == {
        name: case[-2:] for name, case in TESTED.items()
    }


PRINTED = {
    "a number": ("print(6 * 7)", "correct", "42"),
    "a float": ("print(84 / 2)", "correct", "42.0"),
    "the last line": ("print(1)\nprint(42)", "correct", "42"),
    "a sentence": ("print('The answer is 42.')", "correct", "42"),
    "what solution() gives": ("def solution():\n    return 42", "correct", "42"),
    "an exit at the end": ("print(42)\nexit()", "correct", "42"),
    "sympy": ("from sympy import *\nprint(solve(Symbol('x') - 42)[0])", "correct", "42"),
    "it forges its report": (
        "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b'junk')\n"
        "    except OSError:\n        pass\nos._exit(0)",
        "wrong",
        None,
    ),
    "numpy": ("import numpy as np\nprint(np.sum([40, 2]))", "correct", "42"),
    "scipy": (
        "from scipy.integrate import quad\nprint(round(quad(lambda x: 84 * x, 0, 1)[0], 6))",
        "correct",
        "42.0",
    ),
    "another number": ("print(41)", "wrong", "41"),
    "nothing": ("x = 42", "unparseable", None),
    "a failure": ("print(42)\n1 / 0", "wrong", None),
    "no end": ("while True: pass", "timeout", None),
}


def test_what_a_program_prints_is_its_answer() -> None:
    items = [("program", "42", program) for program, _, _ in PRINTED.values()]
    verdicts = dict(zip(PRINTED, grade_all(items, limits=Limits(1.0)), strict=True))
    assert {name: (v.outcome, v.extracted) for name, v in verdicts.items()} == {
        name: case[1:] for name, case in PRINTED.items()
    }


def references() -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """(name, reference program, what is given, tests) of MBPP and HumanEval."""
    folder = datasets_folder()
    for line in (folder / "mbpp/mbpp.jsonl").read_text().splitlines():
        row = json.loads(line)
        tests = tuple(f"{row['test_setup_code']}\n{test}" for test in row["test_list"])
        yield f"MBPP/{row['task_id']}", row["code"].replace("\r\n", "\n"), "", tests
    for line in gzip.decompress(
        (folder / "humaneval/HumanEval.jsonl.gz").read_bytes()
    ).splitlines():
        row = json.loads(line)
        check = f"{row['test']}\ncheck({row['entry_point']})\n"
        yield row["task_id"], row["prompt"] + row["canonical_solution"], "", (check,)


def test_real_reference_programs_pass_their_tests() -> None:
    rows = list(references())
    items = [("code", Reference(code, (), tests, given), code) for _, code, given, tests in rows]
    verdicts = grade_all(items, limits=Limits(timeout_s=10.0))  # one of them needs a second
    failed = {
        name: verdict
        for (name, *_), verdict in zip(rows, verdicts, strict=True)
        if verdict.outcome != "correct"
    }
    assert len(rows) == 974 + 164
    assert failed == {}

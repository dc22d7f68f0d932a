"""What crosses between a program and its tests, and what is said of all else."""

import pytest

from stages.grading.grade import grade_all
from stages.grading.programs.sandbox import Limits
from stages.grading.reference import Reference

NODE = (
    "class Node:\n    def __init__(self, value, next=None):\n"
    "        self.value, self.next = value, next\n"
    "    def last(self):\n        return self if self.next is None else self.next.last()\n"
)
POINT = (
    "class Point:\n    def __init__(self, x, y):\n        self.x, self.y = x, y\n"
    "    def __eq__(self, other):\n        return (self.x, self.y) == (other.x, other.y)\n"
    "    def moved(self, by):\n        return Point(self.x + by, self.y + by)\n"
)
BAG = (
    "class Bag:\n    def __init__(self):\n        self.items = []\n"
    "    def add(self, x):\n        self.items.append(x)\n        return self\n"
    "    def __contains__(self, x):\n        return x in self.items\n"
    "    def __len__(self):\n        return len(self.items)\n"
)
OWN = "and only plain values count"
RIGHT = {  # name: (given, tests, program)
    "the main part does not run": (
        "", ["assert f(1) == 2"],
        "def f(x): return x + 1\nif __name__ == '__main__':\n    f(int(input()))"),
    "what a program is told of itself": (
        "", ["assert f() == 2"],
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "import pickle\n@dataclass\nclass P:\n    x: int\n"
        "def f(): return pickle.loads(pickle.dumps(P(2))).x"),
    "a constant": ("", ["assert LIMIT == 5 and NAMES == ['a']"], "LIMIT = 5\nNAMES = ['a']"),
    "a constant that changes": (
        "", ["f()\nassert COUNT == 1\nf()\nassert COUNT == 2"],
        "COUNT = 0\ndef f():\n    global COUNT\n    COUNT += 1"),
    "an array": (
        "", ["import numpy as np\nassert (f(3) == np.arange(3)).all() and f(3).shape == (3,)",
             "import numpy as np\nassert np.allclose(f(2) / 2, [0, 0.5])"],
        "import numpy as np\ndef f(n): return np.arange(n)"),
    "an array handed over": (
        "", ["import numpy as np\na = np.eye(2)\nf(a)\nassert a.sum() == 4"],
        "def f(a): a += 0.5 * (a == a)"),
    "an array of objects": (
        "", ["assert f().tolist() == [[1, 'a'], [None, 2.5]]"],
        "import numpy as np\ndef f(): return np.array([[1, 'a'], [None, 2.5]], dtype=object)"),
    "numbers of sympy": (
        "", ["from fractions import Fraction\nassert f() == [4, Fraction(1, 3), 0.5]"],
        "from sympy import Integer, Rational, Float\n"
        "def f(): return [Integer(4), Rational(1, 3), Float(0.5)]"),
    "views and ranges": (
        "", ["assert f({1: 2}) == {1} and list(g({1: 2})) == [2] and h(3) == range(3)"],
        "def f(d): return d.keys()\ndef g(d): return d.values()\ndef h(n): return range(n)"),
    "a callback": (
        "", ["assert f(lambda x: x * 2, [1, 2]) == [2, 4]", "assert f(str, [1]) == ['1']",
             "import math\nassert f(math.floor, [1.5]) == [1]"],
        "def f(g, xs): return [g(x) for x in xs]"),
    "a key": ("", ["assert f([3, 1, 2], key=lambda x: -x) == [3, 2, 1]"],
              "def f(xs, key): return sorted(xs, key=key)"),
    "a callback of the program's own": (
        "", ["assert f(g, 2) == 4"], "def g(x): return x * 2\ndef f(h, x): return h(x)"),
    "a callback that calls the program": (
        "", ["assert f(lambda x: g(x) + 1, 2) == 5"],
        "def g(x): return x * 2\ndef f(h, x): return h(x)"),
    "a callback that fails": (
        "", ["def h(x): raise KeyError(x)\nassert f(h) == 'caught'"],
        "def f(h):\n    try:\n        h(1)\n    except KeyError:\n        return 'caught'"),
    "a function of the program": ("", ["assert f(2)(3) == 5"],
                                  "def f(x): return lambda y: x + y"),
    "an iterator handed over": ("", ["assert f(iter([1, 2])) == 3 and f(x for x in (4,)) == 4"],
                                "def f(xs): return sum(xs)"),
    "a generator": ("", ["import types\nassert isinstance(f(2), types.GeneratorType)",
                         "assert 1 in f(2) and list(f(2)) == [0, 1]"],
                    "def f(n):\n    for i in range(n):\n        yield i"),
    "a named argument changed in place": (
        "", ["x = [2, 1]\nf(xs=x)\nassert x == [1, 2]"], "def f(xs): xs.sort()"),
    "names of arguments that are ours": (
        "", ["assert f(1, target=2, operation=3, self=4) == 10"],
        "def f(a, target, operation, self): return a + target + operation + self"),
    "objects of a class that is given": (
        NODE, ["n = Node(1, Node(2))\nassert f(n) == 3", "n = Node(1, Node(2))\ng(n, 5)\n"
               "assert n.value == 5 and n.last().value == 2", "assert h(3).next.value == 3"],
        "def f(n):\n    assert isinstance(n, Node)\n    total = 0\n    while n:\n"
        "        total, n = total + n.value, n.next\n    return total\n"
        "def g(n, x): n.value = x\ndef h(x): return Node(1, Node(x))"),
    "a list turned round in place": (
        NODE, ["n = f(Node(1, Node(2, Node(3))))\nassert [n.value, n.next.value] == [3, 2]\n"
               "assert n.next.next.value == 1 and n.next.next.next is None"],
        "def f(n):\n    before = None\n    while n:\n        after, n.next = n.next, before\n"
        "        before, n = n, after\n    return before"),
    "a function that is given": (
        "def g(x): return x * 2\n", ["assert g(f(2)) == 2", "assert f2(g, 3) == 6"],
        "def f(x): return x / 2\ndef f2(h, x): return h(x)"),
    "a head that is given without a body": (
        'def f(x):\n    """One more."""\n', ["assert f(1) == 2"], "def f(x): return x + 1"),
    "a name that is given with all others": (
        "from math import *\n", ["assert gcd(4, 6) == 7 and floor(1.5) == 1"],
        "def gcd(a, b): return 7"),
    "a future that is its own": (
        "import math\n", ["assert f(1) == 2"],
        "from __future__ import annotations\ndef f(x: Unknown): return x + 1"),
    "an exception of the program": (
        "", ["try:\n    f(-1)\n    assert False\nexcept Negative as error:\n"
             "    assert str(error) == 'no'",
             "try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass"],
        "class Negative(ValueError): pass\ndef f(x): raise Negative('no')"),
    "an exception that takes more than a text": (
        "", ["try:\n    f()\n    assert False\nexcept UnicodeDecodeError:\n    pass"],
        "def f(): b'\\xff'.decode()"),
    "the end of an iterator": (
        "", ["it = f()\nassert next(it) == 1\ntry:\n    next(it)\n    assert False\n"
             "except StopIteration:\n    pass"], "def f(): yield 1"),
    "a class to write": (
        "", ["b = Bag().add(1)\nassert 1 in b and 2 not in b and len(b) == 1",
             "assert isinstance(Bag(), Bag) and not isinstance(1, Bag)"], BAG),
    "methods of a class to write": ("", ["assert Point(1, 2).moved(3).y == 5"], POINT),
    "objects of a class to write, compared": (
        "", ["assert Point(1, 2).moved(1) == Point(2, 3)", "assert Point(1, 2) != Point(2, 3)",
             "assert Version(1) < Version(2) and not Version(3) <= Version(2)",
             "assert sorted([Version(3), Version(1)])[0] == Version(1)",
             "assert len({Version(1), Version(1), Version(2)}) == 2"],
        POINT + "from dataclasses import dataclass\n@dataclass(order=True, frozen=True)\n"
        "class Version:\n    n: int\n"),
    "objects of a class to write, computed with": (
        "", ["assert (V(1) + V(2)).n == 3 and (V(2) * 4).n == 8 and (-V(1)).n == -1",
             "assert V(1) + V(2) == V(3)"],
        "class V:\n    def __init__(self, n): self.n = n\n"
        "    def __add__(self, other): return V(self.n + other.n)\n"
        "    def __mul__(self, k): return V(self.n * k)\n"
        "    def __neg__(self): return V(-self.n)\n"
        "    def __eq__(self, other): return self.n == other.n\n"),
    "a class to write below another": (
        "", ["assert issubclass(Dog, Animal) and not issubclass(Animal, Dog)"],
        "class Animal: pass\nclass Dog(Animal): pass"),
    "a class to write that opens": (
        "", ["with Box() as b:\n    assert b.open\nassert not b.open"],
        "class Box:\n    def __enter__(self):\n        self.open = True\n        return self\n"
        "    def __exit__(self, *given): self.open = False"),
}  # fmt: skip
REFUSED = {  # name: (tests, program, outcome, detail)
    "objects that are compared": (
        ["assert f(1) == 2"], "class E: pass\ndef f(x): return E()", "wrong",
        f"test 1 of 1: the test compares a E of the program's own, {OWN}"),
    "objects in a list": (
        ["assert f(1) == [2]"], "class E: pass\ndef f(x): return [E()]", "wrong",
        f"test 1 of 1: the test compares a E of the program's own, {OWN}"),
    "an object of a class to write, compared with a plain value": (
        ["assert All(1) == 2"], "class All:\n    def __init__(self, x): pass\n"
        "    def __eq__(self, other): return True", "error",
        f"test 1 of 1: the test compares a All of the program's own, {OWN}"),
    "objects of a class to write that differ": (
        ["assert Point(1, 2) == Point(2, 3)"], POINT, "wrong", "test 1 of 1 fails"),
    "an object of another class than the one to write": (
        ["assert f(1) == Point(1, 2)"],
        POINT + "class All:\n    def __eq__(self, other): return True\ndef f(x): return All()",
        "error", f"test 1 of 1: the test compares a All of the program's own, {OWN}"),
    "objects in arithmetic": (
        ["assert f(1) + 1 == 2"], "class E: pass\ndef f(x): return E()", "wrong",
        f"test 1 of 1: the test computes with a E of the program's own, {OWN}"),
    "an unlike array": (
        ["assert f(1) == [1, 2]"], "import numpy\ndef f(x): return numpy.array([1, 2])", "wrong",
        "test 1 of 1: ValueError: The truth value of an array with more than one element is "
        "ambiguous. Use a.any() or a.all()"),
    "a length that is none": (
        ["assert len(f(1)) == 3"],
        "class E:\n    def __len__(self): return 3\n    def __iter__(self): return iter(())\n"
        "def f(x): return E()", "wrong", "test 1 of 1: a length of 3, and not its items"),
    "an end without a loop": (
        ["assert f(1) == 2"], "def f(x): raise StopIteration('x')", "wrong",
        "test 1 of 1: StopIteration: x"),
    "an exit that a test would catch": (
        ["try:\n    f(1)\nexcept BaseException:\n    pass"], "def f(x): raise SystemExit(3)",
        "wrong", "SystemExit: 3"),
    "a callback's own secrets": (
        ["assert f(lambda: 1) == 1"], "def f(g): return g.__code__", "wrong",
        "test 1 of 1: AttributeError: a function of the tests has no '__code__'"),
    "given code that does not run": (
        [], "def f(x): return x", "error",
        "what is given: ModuleNotFoundError: No module named 'no_such'"),
    "given code that is no Python": (
        [], "def f(x): return x", "error",
        "what is given is no Python: SyntaxError: invalid syntax (given, line 1)"),
}  # fmt: skip
BROKEN_GIVEN = {
    "given code that does not run": "import no_such",
    "given code that is no Python": "f f",
}


@pytest.fixture(scope="module")
def graded() -> dict[str, tuple[str, str | None]]:
    items = [
        ("code", Reference("", tests=tuple(tests), given=given), program)
        for given, tests, program in RIGHT.values()
    ]
    items += [
        ("code", Reference("", tests=(*tests, "f"), given=BROKEN_GIVEN.get(name, "")), program)
        for name, (tests, program, _, _) in REFUSED.items()
    ]
    verdicts = grade_all(items, limits=Limits(3.0))
    names = [*RIGHT, *REFUSED]
    return {n: (v.outcome, v.detail) for n, v in zip(names, verdicts, strict=True)}


@pytest.mark.parametrize("name", RIGHT)
def test_right_programs_pass(name: str, graded: dict[str, tuple[str, str | None]]) -> None:
    assert graded[name] == ("correct", "tests pass")


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_judged_is_said(name: str, graded: dict[str, tuple[str, str]]) -> None:
    outcome, detail = graded[name]
    assert (outcome, detail.replace("of 2", "of 1")) == REFUSED[name][2:]

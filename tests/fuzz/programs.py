"""Programs in random orders: each has one verdict, whatever ran before it."""

from pathlib import Path
from random import Random

from stages.grading.grade import Item, grade_all
from stages.grading.programs.sandbox import Limits
from stages.grading.reference import Reference, Verdict
from tests.fakes.probes import programs
from tests.fuzz.mutation import mutated_text

LIMITS = Limits(timeout_s=1.0, memory_mb=256)
SPOILT, HONEST = programs()
# what a program does before its task: none of it is another program's business
DOINGS = (
    "import os\nos.environ['A'] = 'b'\nos.chdir('/tmp')",
    "import os\nos.umask({n})",
    "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (20 + {n}, 20 + {n}))",
    "open('/tmp/x{n}', 'w').write('y' * {n})",
    "import threading\nt = threading.Thread(target=sum, args=(range({n}),))\nt.start()\nt.join()",
    "import sys\nsys.setrecursionlimit(100 + {n})",
    "import random\nrandom.seed({n})",
    "import decimal\ndecimal.getcontext().prec = 1 + {n}",
    "import gc\ngc.disable()",
    "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('w') if {n} < 3 else None",
    "import numpy\nnumpy.random.seed({n})\nnumpy.seterr(all='raise')",
    "import sympy\nx = sympy.Symbol('x')\nx ** {n}",
    "import builtins\nbuiltins.sum = lambda *a: {n}",
    "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "import json, math, re, collections, itertools, functools",
    "import sys\nsys.stdout.write('said {n}\\n')",
    "try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass",
    "class A:\n    def __del__(self):\n        print('gone')\nA()",
    "while {n} > 20:\n    pass",
    "raise ValueError({n})",
)
VALUES = (
    "x + 1",
    "x + {n}",
    "[x] * {n}",
    "str(x)",
    "{{x: {n}}}",
    "(x, {n})",
    "x / {n}",
    "None",
    "f(x - 1)",
)
LOOKS = (
    "import os\nprint(sorted(os.listdir('/tmp')), os.getcwd(), sorted(os.environ))",
    "import resource, os\nprint([resource.getrlimit(n) for n in range(16)], os.umask(0))",
    "import random\nprint(random.random())",
    "import sys, gc, decimal, warnings\n"
    "print(sys.getrecursionlimit(), gc.isenabled(), decimal.getcontext().prec, warnings.filters)",
    "import sys\nprint(sorted(sys.modules))",
    "import signal\nprint(signal.getsignal(signal.SIGTERM), sum([1, 2]))",
    "import numpy\nprint(numpy.geterr(), float(numpy.random.rand()))",
)


def case(chance: Random, folder: Path) -> str:
    """Twelve programs, graded in two orders by one and by two workers."""
    items = [_item(chance) for _ in range(9)]
    items += chance.sample(SPOILT, 1) + chance.sample(HONEST, 2)
    first, second = (_graded(items, chance, workers) for workers in (1, chance.choice([1, 2])))
    differ = {item: (first[item], second[item]) for item in items if first[item] != second[item]}
    assert not differ, f"verdicts that depend on the order: {differ}"
    return "alike"


def _graded(items: list[Item], chance: Random, workers: int) -> dict[Item, tuple[str, ...]]:
    order = chance.sample(items, len(items))
    verdicts = grade_all(order, workers=workers, limits=LIMITS)
    return {item: _decided(verdict) for item, verdict in zip(order, verdicts, strict=True)}


def _decided(verdict: Verdict) -> tuple[str, ...]:
    """What must not depend on the order: which of two clocks ended a program may."""
    outcome, answer, detail = map(str, verdict)
    return outcome, answer, "" if outcome == "timeout" else detail


def _item(chance: Random) -> Item:
    doings = "\n".join(_filled(chance.choice(DOINGS), chance) for _ in range(chance.randint(0, 3)))
    kind = chance.choice(["code", "program", "stdin"])
    if kind == "code":
        made = _filled(chance.choice(VALUES), chance)
        wanted = Reference("", tests=("assert f(1) == 2", "assert f(2) == f(2)"))
        return kind, wanted, _damaged(f"{doings}\ndef f(x):\n    return {made}", chance)
    if kind == "program":
        return kind, "7", _damaged(f"{doings}\n{chance.choice(LOOKS)}\nprint(7)", chance)
    pairs = ('{"input": "3\\n4", "output": "7"}', '{"input": "1\\n1", "output": "2"}')
    reads = chance.choice(["sum(map(int, open(0)))", "int(input()) + int(input())", "input()"])
    return kind, Reference("", tests=pairs), _damaged(f"{doings}\nprint({reads})", chance)


def _filled(code: str, chance: Random) -> str:
    return code.format(n=chance.choice([0, 1, 2, 5, 18, 30]))


def _damaged(code: str, chance: Random) -> str:
    """The program as it is, in a fence of Markdown, or with a change such as models make."""
    wrapped = f"Here it is:\n```python\n{code}\n```\n" if chance.random() < 0.3 else code
    return mutated_text(wrapped, chance) if chance.random() < 0.2 else wrapped

"""Programs that read standard input: their output, compared line by line."""

import json

import pytest

from stages.grading.grade import grade_all
from stages.grading.programs.input_pairs import difference, pair_text, pairs_in
from stages.grading.programs.sandbox import Limits
from stages.grading.reference import Reference

SAME = {
    "alike": ("1\n2\n", "1\n2\n"),
    "no line end": ("1\n2\n", "1\n2"),
    "blanks at the ends of lines": ("1 2\n3\n", "1 2 \n3\t\n"),
    "wide blanks": ("1 2", "1   2"),
    "blank lines at the end": ("1", "1\n\n\n"),
    "Windows line ends": ("1\r\n2\r\n", "1\n2\n"),
    "nothing": ("", "\n"),
}
DIFFERENT = {
    "another word": ("1 2\n3", "1 2\n4", "line 2 is '4', not '3'"),
    "lines in one": ("1\n2", "1 2", "line 1 is '1 2', not '1'"),
    "a line less": ("1\n2", "1", "prints 1 lines, not 2"),
    "a line more": ("1", "1\n2", "prints 2 lines, not 1"),
    "a blank line between": ("1\n2", "1\n\n2", "line 2 is '', not '2'"),
    "another case": ("Yes", "YES", "line 1 is 'YES', not 'Yes'"),
    "words joined": ("1 2", "12", "line 1 is '12', not '1 2'"),
    "nothing": ("1", "", "prints 0 lines, not 1"),
}


@pytest.mark.parametrize("name", SAME)
def test_outputs_that_are_the_same(name: str) -> None:
    assert difference(*SAME[name]) is None


@pytest.mark.parametrize("name", DIFFERENT)
def test_outputs_that_differ(name: str) -> None:
    *outputs, wrong = DIFFERENT[name]
    assert difference(*outputs) == wrong


@pytest.mark.parametrize(
    ("inputs", "outputs", "reason"),
    [
        ([], [], "has no list of inputs and outputs"),
        (None, ["1"], "has no list of inputs and outputs"),
        (["1"], ["1", "2"], "has 1 inputs and 2 outputs"),
        (["1"], [{}], "has a dict for an input or an output"),
    ],
)
def test_what_is_no_pair(inputs: object, outputs: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        pairs_in(inputs, outputs)


PAIRS = (pair_text("2 3\n", "5\n"), pair_text("10\n20\n", "30"))
ADD = "import sys\nprint(sum(map(int, sys.stdin.read().split())))"
PROGRAMS = {
    "reads all": (ADD, "correct", "all outputs are as wanted"),
    "reads lines": (
        "a = input().split()\nwhile len(a) < 2:\n    a += input().split()\n"
        "print(int(a[0]) + int(a[1]))",
        "correct",
        "all outputs are as wanted",
    ),
    "reads the descriptor": (
        "import os\nos.write(1, str(sum(map(int, os.read(0, 99).split()))).encode())",
        "correct",
        "all outputs are as wanted",
    ),
    "opens its input again": (
        "print(sum(map(int, open(0).read().split())))",
        "correct",
        "all outputs are as wanted",
    ),
    "in its main part": (
        "def main():\n    import sys\n    print(sum(map(int, sys.stdin.read().split())))\n"
        "if __name__ == '__main__':\n    main()",
        "correct",
        "all outputs are as wanted",
    ),
    "in a thread": (
        "import threading\ndef main():\n    print(sum(map(int, open(0).read().split())))\n"
        "threading.Thread(target=main).start()",
        "correct",
        "all outputs are as wanted",
    ),
    "prints at its exit": (
        f"import atexit, io, os, sys\nsys.stdout = io.StringIO()\n"
        f"atexit.register(lambda: os.write(1, sys.stdout.getvalue().encode()))\n{ADD}",
        "correct",
        "all outputs are as wanted",
    ),
    "exits": (f"{ADD}\nsys.exit(0)", "correct", "all outputs are as wanted"),
    "one pair alone": (
        "print(5)",
        "wrong",
        "pair 2 of 2: line 1 is '5', not '30'",
    ),
    "fails": (f"{ADD}\n1 / 0", "wrong", "pair 1 of 2: ZeroDivisionError: division by zero"),
    "reads too much": (
        "while True: input()",
        "wrong",
        "pair 1 of 2: EOFError: EOF when reading a line",
    ),
    "never ends": ("while True: pass", "timeout", "pair 1 of 2: more than 1 s of CPU time"),
    "no program": ("I give up.", "unparseable", "no answer found"),
    "remembers": (
        f"import os\nn = len(os.listdir('/tmp'))\nopen(f'/tmp/{{n}}', 'w')\n{ADD}\n"
        "if n: print('seen')",
        "correct",
        "all outputs are as wanted",
    ),
}


def test_pairs_decide() -> None:
    items = [("stdin", Reference("", tests=PAIRS), program) for program, _, _ in PROGRAMS.values()]
    verdicts = dict(zip(PROGRAMS, grade_all(items, limits=Limits(1.0)), strict=True))
    assert {name: (v.outcome, v.detail) for name, v in verdicts.items()} == {
        name: case[1:] for name, case in PROGRAMS.items()
    }


REFERENCES = {
    "an answer with pairs": (
        Reference(json.dumps({"inputs": ["1 2"], "outputs": ["3"]})),
        "correct",
        "all outputs are as wanted",
    ),
    "lines as lists": (
        Reference(json.dumps({"inputs": [["1", "2"]], "outputs": [[3]]})),
        "correct",
        "all outputs are as wanted",
    ),
    "much output": (
        Reference("", tests=(pair_text("8" * 3000 + " 1", "8" * 2999 + "9"),)),
        "correct",
        "all outputs are as wanted",
    ),
    "no pairs": (Reference("x = 1"), "error", "the reference is no JSON object of inputs and "
                 'outputs, as in {"inputs": [], ...}'),
    "outputs missing": (Reference('{"inputs": ["1"], "outputs": []}'), "error",
                        "the reference has 1 inputs and 0 outputs"),
}  # fmt: skip


def test_pairs_may_be_the_answer() -> None:
    items = [("stdin", reference, ADD) for reference, _, _ in REFERENCES.values()]
    verdicts = dict(zip(REFERENCES, grade_all(items, limits=Limits(2.0)), strict=True))
    assert {name: (v.outcome, v.detail) for name, v in verdicts.items()} == {
        name: case[1:] for name, case in REFERENCES.items()
    }


def test_an_output_of_megabytes_is_read_whole() -> None:
    wanted = "\n".join(map(str, range(200_000)))
    items = [
        (
            "stdin",
            Reference("", tests=(pair_text("200000", wanted),)),
            f"{program}\n# {len(wanted)}",
        )
        for program in (
            "print(*range(int(input())), sep='\\n')",
            "print('x', *range(1, int(input())), sep='\\n')",
        )
    ]
    verdicts = grade_all(items, limits=Limits(5.0))
    assert [v.detail for v in verdicts] == [
        "all outputs are as wanted",
        "pair 1 of 1: line 1 is 'x', not '0'",
    ]

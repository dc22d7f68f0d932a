"""Rows of public data sets that our grader and its peers all grade: answers, and programs.

A recorded verdict, or that a text is the data set's own solution, says which rows are right.
Programs that are spoilt here (one sign, number or result changed) are judged by the data set's
tests, run plainly.
"""

import ast
import gzip
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from stages.grading.grade import Item
from stages.grading.reference import Reference
from stages.tasks.formats import FORMATS
from stages.tasks.formats.functions import MBPP_SPLITS
from tests.fakes.real_datasets import datasets_folder

PLAIN_RUN_S = 20


class PeerRow(NamedTuple):
    """One text to grade.

    kind: "words" (GSM8K), "latex" (MATH), "humaneval" or "mbpp".
    item: what our grader reads; its reference is what the peers get too.
    is_right: what the data set says, None if only its tests can say.
    program: for programs, what evalplus reads: entry_point, gold, inputs and more inputs as Python
        literals, atol.
    """

    data: str
    id: str
    kind: str
    item: Item
    is_right: bool | None
    program: dict[str, Any] | None = None


def all_rows() -> Iterator[PeerRow]:
    """The rows of every data set."""
    yield from _recorded_gsm8k()
    yield from _recorded_math()
    yield from _process_bench()
    yield from _gold()
    yield from _programs()


def passes_plainly(row: PeerRow) -> bool:
    """Whether a program passes its data set's tests in a fresh Python of its own."""
    _, reference, text = row.item
    assert isinstance(reference, Reference)
    whole = "\n".join([reference.given, text, *reference.tests])
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", whole], capture_output=True, timeout=PLAIN_RUN_S
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _recorded_gsm8k() -> Iterator[PeerRow]:
    """Solutions of four models as recorded ("A: 18" at the end), and closed as lm-eval asks for."""
    for number, row in enumerate(_lines("gsm8k/example_model_solutions.jsonl.gz")):
        gold = row["ground_truth"].rpartition("A: ")[2]
        for model, said in row.items():
            if isinstance(said, dict):
                text, is_right = said["solution"], said["is_correct"]
                name = f"{number}/{model}"
                yield PeerRow("GSM8K samples", name, "words", ("math", gold, text), is_right)
                text = text.replace("\nA: ", "\n#### ")
                yield PeerRow("the same with ####", name, "words", ("math", gold, text), is_right)


def _recorded_math() -> Iterator[PeerRow]:
    for row in _lines("qwen25_math_samples/math_cot_100.jsonl.gz"):
        for draw, (text, is_right) in enumerate(zip(row["code"], row["score"], strict=True)):
            item = ("math", row["gt"], text)
            yield PeerRow("MATH samples", f"{row['idx']}/{draw}", "latex", item, is_right)


def _process_bench() -> Iterator[PeerRow]:
    """Solutions of twelve models to GSM8K and MATH problems, with the verdicts of ProcessBench."""
    for name, kind, file, form in (
        ("gsm8k", "words", "gsm8k/test.jsonl", "gsm8k"),
        ("math", "latex", "math/test.jsonl.gz", "math"),
    ):
        problems = [problem for row in _lines(file) for problem in FORMATS[form](row, "test")]
        gold = {_key(problem.question): problem.answer for problem in problems}
        for row in json.loads(_bytes(f"processbench/{name}.json")):
            answer = gold.get(_key(row["problem"]))
            if answer is not None:
                item = ("math", answer, "\n\n".join(row["steps"]))
                is_right = row["final_answer_correct"]
                yield PeerRow(f"ProcessBench {name}", row["id"], kind, item, is_right)


def _gold() -> Iterator[PeerRow]:
    """Reference solutions against the answers that they state: all right."""
    for data, kind, file, form in (
        ("GSM8K gold, train", "words", "gsm8k/train.jsonl.gz", "gsm8k"),
        ("GSM8K gold, test", "words", "gsm8k/test.jsonl", "gsm8k"),
        ("MATH gold, test", "latex", "math/test.jsonl.gz", "math"),
    ):
        for number, row in enumerate(_lines(file)):
            answer = FORMATS[form](row, "test")[0].answer
            item = ("math", answer, row["answer"] if form == "gsm8k" else row["solution"])
            yield PeerRow(data, str(number), kind, item, True)


def _programs() -> Iterator[PeerRow]:
    """Reference programs, and each spoilt twice (MBPP: once)."""
    more = {row["task_id"]: row for row in _lines("humaneval_plus/HumanEvalPlus.jsonl.gz")}
    for row in _lines("humaneval/HumanEval.jsonl.gz"):
        plus = more[row["task_id"]]
        problem = FORMATS["humaneval"](row, "test")[0]
        needs = {
            "entry_point": row["entry_point"],
            "gold": plus["prompt"] + plus["canonical_solution"],
            "inputs": repr(plus["base_input"]),
            "more_inputs": repr(plus["plus_input"]),
            "atol": float(plus["atol"]),
        }
        reference = Reference(problem.answer, (), tuple(problem.tests), problem.given)
        yield from _gold_and_spoilt("HumanEval", row["task_id"], "humaneval", reference, needs, 2)
    for row in _lines("mbpp/mbpp.jsonl"):
        calls = _literal_calls(row["test_list"])
        if calls is None or row["test_setup_code"]:
            continue
        split = next(name for last, name in MBPP_SPLITS.items() if row["task_id"] <= last)
        problem = FORMATS["mbpp"](row, split)[0]
        name, inputs = calls
        needs = {"entry_point": name, "gold": problem.answer, "inputs": inputs, "atol": 0.0}
        reference = Reference(problem.answer, (), tuple(problem.tests))
        yield from _gold_and_spoilt("MBPP", str(row["task_id"]), "mbpp", reference, needs, 1)


def _gold_and_spoilt(
    data: str, name: str, kind: str, reference: Reference, needs: dict[str, Any], n_spoilt: int
) -> Iterator[PeerRow]:
    gold = reference.answer
    yield PeerRow(f"{data} gold", name, kind, ("code", reference, gold), True, needs)
    for number, text in enumerate(_spoilt(gold, needs["entry_point"], name, n_spoilt)):
        item = ("code", reference, text)
        yield PeerRow(f"{data} spoilt", f"{name}/{number}", kind, item, None, needs)


def _spoilt(program: str, entry_point: str, seed: str, n_wanted: int) -> list[str]:
    """The program with one sign, number or result changed, in so many ways if it has them."""
    n_places = len(_places(ast.parse(program), entry_point))
    chosen = random.Random(seed).sample(range(n_places), min(n_wanted, n_places))
    texts = []
    for place in chosen:
        tree = ast.parse(program)
        match _places(tree, entry_point)[place]:
            case ast.Compare() as node:
                node.ops[0] = _OTHER[type(node.ops[0])]()
            case ast.BinOp() as node:
                node.op = _OTHER[type(node.op)]()
            case ast.Constant(value=int(value)) as node:
                node.value = value + 1
            case ast.Return() as node:
                node.value = ast.Constant(None)
        texts.append(ast.unparse(tree) + "\n")
    return texts


_OTHER: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Div,
    ast.Div: ast.FloorDiv,
}


def _places(tree: ast.Module, entry_point: str) -> list[ast.AST]:
    """What can be changed in the function asked for."""
    wanted = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == entry_point]
    return [
        node
        for function in wanted
        for node in ast.walk(function)
        if (isinstance(node, ast.Compare) and type(node.ops[0]) in _OTHER)
        or (isinstance(node, ast.BinOp) and type(node.op) in _OTHER)
        or (isinstance(node, ast.Constant) and type(node.value) is int)
        or (isinstance(node, ast.Return) and node.value is not None)
    ]


def _literal_calls(tests: list[str]) -> tuple[str, str] | None:
    """(function, its inputs) of asserts such as `assert f(1, [2]) == 3`; None for other asserts."""
    name, inputs = "", []
    for test in tests:
        try:
            match ast.parse(test.strip()).body:
                case [
                    ast.Assert(
                        test=ast.Compare(
                            left=ast.Call(func=ast.Name(id=called), args=args, keywords=[]),
                            ops=[ast.Eq()],
                            comparators=[expected],
                        )
                    )
                ]:
                    ast.literal_eval(expected)
                    inputs.append([ast.literal_eval(arg) for arg in args])
                    name = called
                case _:
                    return None
        except (ValueError, SyntaxError):
            return None
    return name, repr(inputs)


def _key(question: str) -> str:
    return "".join(question.split())


def _bytes(file: str) -> bytes:
    raw = (datasets_folder() / file).read_bytes()
    return gzip.decompress(raw) if file.endswith(".gz") else raw


def _lines(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _bytes(file).splitlines() if line.strip()]

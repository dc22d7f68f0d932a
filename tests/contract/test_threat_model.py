"""docs/threat-model.md promises nothing that no test holds."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.contract.dvc_files import ROOT
from tests.fakes.docs_pages import PAGES

INSIDE = ROOT / "stages/grading/programs/inside"
SOURCES = [*(ROOT / "stages").rglob("*.py"), *(ROOT / "schemas").rglob("*.py")]
OWN = ("PeftModel", "PreTrainedTokenizerFast")  # classes that know no code of a folder
PAGE = PAGES["docs/threat-model.md"]
ROWS = re.findall(r"^\| (.+?) \| `(tests/[^`]+)` \|$", PAGE, re.M)


def test_every_promise_names_a_test() -> None:
    tables = PAGE.split("\n## ")[2:-1]
    rows = [line for text in tables for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == len(ROWS) + len(tables), "besides a heading each, each row has its test"


@pytest.mark.parametrize(("promise", "test"), ROWS)
def test_the_test_of_a_promise_exists(promise: str, test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert name in names if name else any(n.startswith("test_") for n in names)


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path, node


def test_only_the_sandbox_executes_text() -> None:
    executing = {
        path
        for path, call in calls()
        if isinstance(call.func, ast.Name) and call.func.id in ("exec", "eval", "compile")
    }
    assert executing and all(path.is_relative_to(INSIDE) for path in executing)


def test_every_loader_refuses_code() -> None:
    loads = [
        call
        for _, call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "from_pretrained"
        and not (isinstance(call.func.value, ast.Name) and call.func.value.id in OWN)
    ]
    told = [{k.arg: k.value for k in call.keywords}.get("trust_remote_code") for call in loads]
    assert loads and all(isinstance(t, ast.Constant) and t.value is False for t in told)

"""docs/threat-model.md promises nothing that no test holds."""

import ast
import re

import pytest

from stages.contract.dvc_files import ROOT
from tests.fakes.docs_pages import PAGES

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

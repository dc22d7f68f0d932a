r"""Reads what a Python program printed, as Python and sympy print it.

Read: numbers (``1e-05``, ``(3+4j)``, ``Fraction(1, 2)``), lists, tuples, sets and dicts, and what
sympy prints: ``x**2 + 1``, ``sqrt(2)*I``, intervals, unions, matrices, equations and conditions.
Anything else is read as a solution writes it: ``\frac{1}{2}``, ``42 apples``, ``1,234``.

Policy. Python's brackets say how a value is stored, not what it is. So a list is the values of a
reference without brackets or in braces, in any order, or a reference in round or square brackets,
place by place; a tuple is no closed interval. A list or tuple of one is its element, a list of
lists a matrix, and a dict ``{x: 1, y: 2}`` says x = 1, y = 2.
"""

import ast
from decimal import Decimal

from stages.grading.mathematics.python_notation import (
    ARRAYS,
    UnreadableError,
    called_name,
    latex_of,
    matrix_of,
)

MAX_PRINTED_CHARS, MAX_READINGS = 1_000, 6


def read_printed(text: str) -> list[str]:
    """What a printed text may say, as answers; the text itself if it is no printed value."""
    tree = _parse(text.strip())
    if tree is None:
        return [text]
    try:
        return list(dict.fromkeys(_readings(tree)))[:MAX_READINGS]
    except (UnreadableError, RecursionError):
        return [text]


def _parse(text: str) -> ast.expr | None:
    if not text or len(text) > MAX_PRINTED_CHARS:
        return None
    try:
        (statement,) = ast.parse(text).body
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                written = ast.get_source_segment(text, node) or ""
                node.value = Decimal(written)  # type: ignore[assignment]  # a float loses 1e-400
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return ast.Compare(statement.targets[0], [ast.Eq()], [statement.value])
    if not isinstance(statement, ast.Expr):
        return None
    is_grouped = isinstance(statement.value, ast.Tuple) and text[0] != "("  # 1,234
    return None if is_grouped else statement.value


def _readings(node: ast.expr) -> list[str]:
    """All that a value on its own may say."""
    if isinstance(node, ast.Call) and called_name(node) in ARRAYS and len(node.args) == 1:
        return [matrix_of(node.args[0]), *_readings(node.args[0])]
    if isinstance(node, ast.Dict):
        values = [latex_of(value) for value in node.values]
        pairs = [
            f"{latex_of(key)}={value}" for key, value in zip(node.keys, values, strict=True) if key
        ]
        return [", ".join(pairs), f"({', '.join(values)})"]
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return _readings_of_several(node)
    return [latex_of(node)]


def _readings_of_several(node: ast.List | ast.Tuple | ast.Set) -> list[str]:
    if len(node.elts) == 1:
        return _readings(node.elts[0])
    if not node.elts:
        return [r"\emptyset"]
    if all(isinstance(each, ast.Dict) for each in node.elts):
        return [", ".join(_readings(each)[0] for each in node.elts)]
    inside = ", ".join(map(latex_of, node.elts))
    in_braces = rf"\{{{inside}\}}"
    if isinstance(node, ast.Set):
        return [in_braces]
    if isinstance(node, ast.Tuple):
        return [f"({inside})", in_braces]
    readings = [in_braces, f"[{inside}]", f"({inside})"]
    rows = [each for each in node.elts if isinstance(each, ast.List)]
    return [matrix_of(node), *readings] if len(rows) == len(node.elts) else readings

"""An arithmetic expression as a worked solution: one line for each operation, then the answer."""

import ast
import operator
from collections.abc import Callable
from fractions import Fraction

OPERATIONS: dict[type[ast.operator], tuple[str, Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
}


def worked_equation(equation: str, answer: str) -> str:
    """( ( 3.0 + 5.0 ) * 2.0 ) → "3 + 5 = 8\\n8 * 2 = 16\\n#### 16".

    Empty if the equation is none of the four operations, has a value without an exact decimal, or
    does not come to the answer.
    """
    lines: list[str] = []
    try:
        result = _work(ast.parse(equation, mode="eval").body, lines)
        if not lines or result != Fraction(answer):
            return ""
    except (ValueError, SyntaxError, ZeroDivisionError, RecursionError):
        return ""
    return "".join(f"{line}\n" for line in lines) + f"#### {answer}"


def _work(node: ast.expr, lines: list[str]) -> Fraction:
    """The value of an expression; adds its operations to `lines`, the innermost first."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Fraction(repr(node.value))
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        sign, apply = OPERATIONS[type(node.op)]
        left, right = _work(node.left, lines), _work(node.right, lines)
        result = apply(left, right)
        lines.append(f"{_decimal(left)} {sign} {_decimal(right)} = {_decimal(result)}")
        return result
    raise ValueError("another operation")


def _decimal(number: Fraction) -> str:
    """An exact decimal. Raises ValueError if there is none."""
    if number.denominator == 1:
        return str(number.numerator)
    written = repr(float(number))
    if Fraction(written) != number:
        raise ValueError("no exact decimal")
    return written

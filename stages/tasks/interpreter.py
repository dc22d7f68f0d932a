"""A small interpreter for lines of Python over integers, words and lists: text in, values out.

With it the code toy knows what a line does without executing what a model wrote: a line is parsed
and, if all of it belongs to a closed family, becomes a function of variables. A line assigns to one
variable or returns. Values are bounded, lists are flat, and the only loop is one comprehension a
line, so a line takes almost no time.
"""

import ast
import keyword
import operator
import re
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

Variables = dict[str, Any]
Expression = Callable[[Variables], Any]

RESULT = "return"  # the name that a returned value is kept under; no variable can have it
ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
MAX_CHARS, MAX_ITEMS, MAX_NUMBER = 120, 100, 10**12
HEADER = re.compile(r"def (\w+)\((\w+(?:, \w+)*)\):\s*")
BODY = re.compile(r" {4}(\S.*)\s*")
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: dict[str, tuple[Callable[..., Any], set[str]]] = {  # and their keywords
    "sum": (sum, set()),
    "len": (len, set()),
    "max": (max, {"default"}),
    "min": (min, {"default"}),
    "sorted": (sorted, {"reverse"}),
    "set": (set, set()),
}
METHODS = {"upper", "count"}


class Line(NamedTuple):
    """A line of a body: the variable it sets (RESULT where it returns) and the value.

    `value` raises one of ERRORS if Python would raise, or if a value grows too large.
    """

    target: str
    value: Expression


def read_header(step: str) -> tuple[str, list[str]] | None:
    """(name, parameters) of a line `def name(a, b):`; None for any other."""
    match = HEADER.fullmatch(step)
    parameters = match[2].split(", ") if match else []
    if (
        not match
        or len(set(parameters)) < len(parameters)
        or any(map(keyword.iskeyword, parameters))
    ):
        return None
    return match[1], parameters


@lru_cache(maxsize=20_000)
def read_line(step: str) -> Line | None:
    """A step, indented by four, as a line; None if it is outside the family."""
    match = BODY.fullmatch(step)
    if not match or len(step) > MAX_CHARS:
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(match[1])
        [statement] = tree.body
        if sum(isinstance(node, ast.ListComp) for node in ast.walk(tree)) > 1:
            return None
        return _statement(statement)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def run_lines(lines: Sequence[Line], variables: Variables) -> Variables | None:
    """The variables after the lines, up to the first that returns; None if one of them fails."""
    variables = dict(variables)
    try:
        for line in lines:
            if RESULT in variables:
                break
            variables[line.target] = line.value(variables)
    except ERRORS:
        return None
    return variables


def _statement(node: ast.stmt) -> Line:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in FUNCTIONS:
            return Line(name, _expression(value))
        case ast.Return(value=ast.expr() as value):
            return Line(RESULT, _expression(value))
    raise ValueError("outside the family")


def _expression(node: ast.expr) -> Expression:
    """The expression as a function of variables. Raises ValueError outside the family."""
    match node:
        case ast.Constant(value=value) if isinstance(value, int | str):
            return lambda v: value
        case ast.Name(id=name):
            return lambda v: v[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _expression(operand)
            return lambda v: -inner(v)
        case ast.BinOp(left=a, op=sign, right=b) if type(sign) in BINARY:
            return _binary(BINARY[type(sign)], _expression(a), _expression(b))
        case ast.Compare(left=a, ops=[sign], comparators=[b]) if type(sign) in COMPARISONS:
            compare, left, right = COMPARISONS[type(sign)], _expression(a), _expression(b)
            return lambda v: compare(left(v), right(v))
        case ast.ListComp(elt=element, generators=[loop]):
            return _comprehension(element, loop)
        case ast.Subscript(value=value, slice=index):
            return _subscript(_expression(value), index)
        case ast.Call():
            return _call(node)
    raise ValueError("outside the family")


def _binary(sign: Callable[[Any, Any], Any], left: Expression, right: Expression) -> Expression:
    def value(variables: Variables) -> Any:
        a, b = left(variables), right(variables)
        if sign is operator.mod and isinstance(a, str):
            raise TypeError("% of a word is formatting")
        if sign is operator.mul and not (isinstance(a, int) and isinstance(b, int)):
            items, times = (b, a) if isinstance(a, int) else (a, b)
            _check_bounds(range(len(items) * max(0, times)))
        return _check_bounds(sign(a, b))

    return value


def _check_bounds(value: Any) -> Any:
    if abs(value) > MAX_NUMBER if isinstance(value, int) else len(value) > MAX_ITEMS:
        raise OverflowError
    return value


def _comprehension(element: ast.expr, loop: ast.comprehension) -> Expression:
    if not isinstance(loop.target, ast.Name) or loop.is_async:
        raise ValueError("outside the family")
    name, items, make_item = loop.target.id, _expression(loop.iter), _expression(element)
    conditions = [_expression(condition) for condition in loop.ifs]

    def value(variables: Variables) -> list[Any]:
        source = items(variables)
        if not isinstance(source, list | str):
            raise TypeError("a set has no order")
        inner = ({**variables, name: item} for item in source)
        result = [make_item(v) for v in inner if all(condition(v) for condition in conditions)]
        if not all(isinstance(item, int | str) for item in result):
            raise TypeError("a list is flat")
        return result

    return value


def _subscript(value: Expression, index: ast.expr) -> Expression:
    if not isinstance(index, ast.Slice):
        position = _expression(index)
        return lambda v: value(v)[position(v)]
    ends = [end and _expression(end) for end in (index.lower, index.upper, index.step)]
    return lambda v: value(v)[slice(*(end and end(v) for end in ends))]


def _call(node: ast.Call) -> Expression:
    arguments = [_expression(argument) for argument in node.args]
    keywords = {k.arg: _expression(k.value) for k in node.keywords}
    match node.func:
        case ast.Name(id=name) if name in FUNCTIONS and FUNCTIONS[name][1].issuperset(keywords):
            function = FUNCTIONS[name][0]
        case ast.Attribute(value=value, attr=name) if name in METHODS and not keywords:
            function, arguments = _method(name), [_expression(value), *arguments]
        case _:
            raise ValueError("outside the family")

    def call(variables: Variables) -> Any:
        given = [argument(variables) for argument in arguments]
        return function(*given, **{str(k): e(variables) for k, e in keywords.items()})

    return call


def _method(name: str) -> Callable[..., Any]:
    return lambda value, *given: getattr(value, name)(*given)

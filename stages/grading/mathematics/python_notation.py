"""Python's expressions as LaTeX, with the names that sympy and numpy print."""

import ast
import re
from collections.abc import Callable
from decimal import Decimal

_CONSTANTS = {
    "I": "i", "E": "e", "pi": r"\pi", "oo": r"\infty", "inf": r"\infty", "Reals": r"\mathbb{R}",
    "EmptySet": r"\emptyset", "true": "True", "false": "False", "nan": r"\text{nan}",
}  # fmt: skip
_NAMES = {
    name: "\\" + name
    for name in re.findall(r"\w+", "alpha beta gamma delta epsilon theta lambda mu sigma phi omega")
}
_FUNCTIONS = {
    name: "\\" + name
    for name in re.findall(r"\w+", "sin cos tan cot sec csc sinh cosh tanh ln gcd min max det arg")
} | {"log": r"\ln", "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan"}
_RELATIONS = {
    ast.Lt: "<", ast.LtE: r"\le ", ast.Gt: ">", ast.GtE: r"\ge ", ast.Eq: "=", ast.NotEq: r"\ne ",
}  # fmt: skip
ARRAYS = ("array", "ImmutableDenseMatrix", "ImmutableMatrix", "MutableDenseMatrix", "Matrix")
_NUMBERS = ("float64", "float32", "int64", "int32", "Integer", "Float", "Decimal", "mpf")


class UnreadableError(Exception):
    """An expression that no answer is printed as."""


def latex_of(node: ast.expr) -> str:
    """A value in LaTeX."""
    match node:
        case ast.Constant(value=bool() | None | str() as value):
            return str(value)
        case ast.Constant(value=complex() as value):
            return f"{_decimal(Decimal(repr(value.imag)))}i"
        case ast.Constant(value=int() | Decimal() as value):
            return _decimal(Decimal(value))
        case ast.Name(id=name):
            return _name(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_group(operand, _PRODUCT)}"
        case ast.BinOp():
            return _operation(node)
        case ast.Compare(left=left, ops=signs, comparators=others):
            if all(type(sign) in _RELATIONS for sign in signs):
                terms = [
                    _RELATIONS[type(s)] + latex_of(o) for s, o in zip(signs, others, strict=True)
                ]
                return latex_of(left) + "".join(terms)
        case ast.Tuple(elts=elements):
            return f"({', '.join(map(latex_of, elements))})"
        case ast.List(elts=elements):
            return f"({', '.join(map(latex_of, elements))})"
        case ast.Set(elts=elements):
            return rf"\{{{', '.join(map(latex_of, elements))}\}}"
        case ast.Call():
            return _call(node)
    raise UnreadableError


_SUM, _PRODUCT, _POWER, _ATOM = range(4)
_BINDING: dict[type, int] = {
    ast.Add: _SUM, ast.Sub: _SUM, ast.Mult: _PRODUCT, ast.Div: _ATOM, ast.Pow: _POWER,
}  # fmt: skip


def _group(node: ast.expr, least: int) -> str:
    """A value in brackets, unless it binds at least so tightly."""
    binding = _ATOM
    if isinstance(node, ast.BinOp):
        binding = _BINDING.get(type(node.op), _SUM)
    elif isinstance(node, ast.UnaryOp | ast.Compare):
        binding = _SUM
    elif isinstance(node, ast.Constant) and isinstance(node.value, complex):
        binding = _PRODUCT
    return latex_of(node) if binding >= least else f"({latex_of(node)})"


def _operation(node: ast.BinOp) -> str:
    left, right = node.left, node.right
    match node.op:
        case ast.Add():
            return f"{latex_of(left)}+{_group(right, _PRODUCT)}"
        case ast.Sub():
            return f"{latex_of(left)}-{_group(right, _PRODUCT)}"
        case ast.Mult():
            return rf"{_group(left, _PRODUCT)}\cdot {_group(right, _POWER)}"
        case ast.Div():
            return rf"\frac{{{latex_of(left)}}}{{{latex_of(right)}}}"
        case ast.Pow():
            base = f"({latex_of(left)})" if isinstance(left, ast.Call) else _group(left, _ATOM)
            base = f"({base})" if base.startswith(r"\frac") else base
            return f"{base}^{{{latex_of(right)}}}"
        case ast.BitAnd():
            return f"{latex_of(left)} and {latex_of(right)}"
        case ast.BitOr():
            return f"{latex_of(left)} or {latex_of(right)}"
    raise UnreadableError


def _call(node: ast.Call) -> str:
    name, inside = called_name(node), [latex_of(argument) for argument in node.args]
    if node.keywords and name not in ARRAYS:
        raise UnreadableError
    if write := _FORMS.get((name, len(inside))) or _FORMS.get((name, -1)):
        return write(*inside)
    if name in _NUMBERS and len(node.args) == 1:
        value = node.args[0]
        return value.value if _is_text(value) else inside[0]  # type: ignore[attr-defined]
    if name in ARRAYS and len(node.args) == 1:
        return matrix_of(node.args[0])
    if name in _FUNCTIONS and inside:
        return rf"{_FUNCTIONS[name]}({', '.join(inside)})"
    if len(name) == 1 and inside:
        return f"{name}({', '.join(inside)})"
    raise UnreadableError


def called_name(node: ast.Call) -> str:
    """The name that is called, with that of the class of a constructor: ``Interval.open``."""
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        of, name = node.func.value.id, node.func.attr
        return name if of in ("np", "numpy", "mpmath", "sympy", "fractions") else f"{of}.{name}"
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _interval(start: str, end: str, start_open: str = "False", end_open: str = "False") -> str:
    opening = "(" if start_open == "True" or "infty" in start else "["
    closing = ")" if end_open == "True" or "infty" in end else "]"
    return f"{opening}{start},{end}{closing}"


_FORMS: dict[tuple[str, int], Callable[..., str]] = {
    ("sqrt", 1): r"\sqrt{{{}}}".format,
    ("cbrt", 1): r"\sqrt[3]{{{}}}".format,
    ("root", 2): r"\sqrt[{1}]{{{0}}}".format,
    ("exp", 1): "e^{{{}}}".format,
    ("Abs", 1): "|{}|".format,
    ("abs", 1): "|{}|".format,
    ("floor", 1): r"\lfloor {} \rfloor".format,
    ("ceiling", 1): r"\lceil {} \rceil".format,
    ("factorial", 1): "({})!".format,
    ("binomial", 2): r"\binom{{{}}}{{{}}}".format,
    ("Rational", 2): r"\frac{{{}}}{{{}}}".format,
    ("Fraction", 2): r"\frac{{{}}}{{{}}}".format,
    ("log", 2): r"\log_{{{1}}}({0})".format,
    ("Eq", 2): "{}={}".format,
    ("Ne", 2): r"{}\ne {}".format,
    ("Interval", -1): _interval,
    ("Interval.open", 2): "({},{})".format,
    ("Interval.Lopen", 2): "({},{}]".format,
    ("Interval.Ropen", 2): "[{},{})".format,
    ("Union", -1): lambda *sets: r" \cup ".join(sets),
    ("FiniteSet", -1): lambda *elements: rf"\{{{', '.join(elements)}\}}",
    ("Complement", 2): r"{} \setminus {}".format,
    ("And", -1): lambda *parts: " and ".join(parts),
    ("Or", -1): lambda *parts: " or ".join(parts),
    ("set", 0): lambda: r"\emptyset",
    ("Point2D", 2): "({},{})".format,
    ("Point", -1): lambda *places: f"({', '.join(places)})",
}


def matrix_of(node: ast.expr) -> str:
    """A list of rows, or of the entries of one column."""
    if not isinstance(node, ast.List) or not node.elts:
        raise UnreadableError
    rows = [row.elts if isinstance(row, ast.List) else [row] for row in node.elts]
    body = r"\\".join("&".join(map(latex_of, row)) for row in rows)
    return rf"\begin{{pmatrix}}{body}\end{{pmatrix}}"


def _name(name: str) -> str:
    """A symbol: x, x1, x_1, alpha, I."""
    if name in _CONSTANTS or name in _NAMES:
        return _CONSTANTS.get(name) or _NAMES[name]
    letters = name.rstrip("0123456789").removesuffix("_")
    index = name.removeprefix(letters).removeprefix("_")
    if len(letters) == 1 or letters in _NAMES:
        letters = _NAMES.get(letters, letters)
        return f"{letters}_{{{index}}}" if index else letters
    return name


def _decimal(value: Decimal) -> str:
    """A number without an exponent, which LaTeX has no sign for."""
    number, _, power = str(value).partition("E")
    return rf"{number} \times 10^{{{int(power)}}}" if power else number

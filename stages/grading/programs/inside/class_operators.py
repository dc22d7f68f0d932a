"""Operators that tests may use on objects of a class which the program was to write."""

COMPARISONS = ("eq", "lt", "le", "gt", "ge")
OF_ONE = ("neg", "abs", "invert", "index")
OF_TWO = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "matmul")
OPERATOR_NAMES = {"and": "and_", "or": "or_"}
"""Python's own names of them, in module operator."""

"""The equations of one text in plain Python: what the expressions over columns must find too."""

import re

NUMBER = r"\d[\d,]*(?:\.\d+)?%?|\.\d+"
SIDE = rf"\(*\s*-?\s*[$]?(?:{NUMBER})(?:[\s()]*[-+*/^%x×÷·][\s()$-]*(?:{NUMBER}))*\s*\)*"
EQUATION = re.compile(rf"({SIDE})\s*=\s*(-?\s*[$]?(?:{NUMBER}))")
ANNOTATION = re.compile(r"<<[^<>]*>>")
CLAUSE_END = re.compile(r"\n|[.,;:] ")
MAX_CLAUSE = 500  # longer text is not reasoning, and slow to match
SIGNS = str.maketrans({"×": "*", "·": "*", "x": "*", "÷": "/", "$": "", ",": "", " ": "", "\n": ""})


def equations(text: str) -> list[str]:
    """Equations between numbers in their order, spelled one way ("7 × $5 = 35" → "7*5=35")."""
    plain = ANNOTATION.sub("", text)
    return [f"{left.translate(SIGNS)}={right.translate(SIGNS)}" for left, right in _find(plain)]


def _find(text: str) -> list[tuple[str, str]]:
    clauses = [c for c in CLAUSE_END.split(text) if "=" in c and len(c) <= MAX_CLAUSE]
    return [(match[1], match[2]) for clause in clauses for match in EQUATION.finditer(clause)]

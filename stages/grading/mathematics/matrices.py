r"""Matrices and determinants, entry by entry."""

import re

_MATRIX = re.compile(
    r"\\begin ?\{([pbBvV]?)matrix\}(.*)\\end ?\{\1matrix\}"
    r"|[(\[]\\begin ?\{array\} ?\{[lcr]*\}(.*)\\end ?\{array\}[)\]]",
    re.DOTALL,
)
_ROW_END = re.compile(r"\\\\(?: ?\[[^\]]*\])?")


def matrix_entries(tidied: str) -> tuple[str, list[list[str]]] | None:
    """(what bars around it make of it, rows of entries); None for a text that is no matrix."""
    match = _MATRIX.fullmatch(tidied)
    body = match and (match[3] if match[2] is None else match[2])
    if not match or not body or r"\begin" in body or r"\hline" in body:
        return None
    rows = [row.split("&") for row in _ROW_END.split(body)]
    if not any(entry.strip() for entry in rows[-1]):
        rows.pop()
    bars = {"v": "determinant", "V": "norm"}.get(match[1] or "", "matrix")
    return bars, [[entry.strip() for entry in row] for row in rows]

"""The equations of a text, which distinguish one path of reasoning from another."""

import re

import polars as pl

BLANK = r"[\s\x1c-\x1f]"  # of Python; that of polars lacks the four separators
NUMBER = r"\d[\d,]*(?:\.\d+)?%?|\.\d+"
SIDE = (
    rf"\(*{BLANK}*-?{BLANK}*[$]?(?:{NUMBER})"
    rf"(?:(?:{BLANK}|[()])*[-+*/^%x×÷·](?:{BLANK}|[()$-])*(?:{NUMBER}))*{BLANK}*\)*"
)
EQUATION = rf"{SIDE}{BLANK}*={BLANK}*-?{BLANK}*[$]?(?:{NUMBER})"
ANNOTATION = "<<[^<>]*>>"
CLAUSE_END = "[.,;:] "
MAX_CLAUSE = 500  # longer text is not reasoning


def equations(texts: pl.Series) -> pl.Series:
    """Equations between numbers of each text in their order, spelled one way (7 × $5 = 35: 7*5=35).

    The texts' order; a list of strings each.
    """
    clauses = pl.col("text").str.replace_all(ANNOTATION, "").str.replace_all(CLAUSE_END, "\n")
    found = pl.col("clause").str.extract_all(EQUATION).alias("equation")
    is_short = pl.col("clause").str.len_chars() <= MAX_CLAUSE
    rows = texts.alias("text").to_frame().with_row_index("row").lazy()
    spelled = (
        rows.select("row", clauses.str.split("\n").alias("clause"))
        .explode("clause")
        .filter(pl.col("clause").str.contains("=", literal=True) & is_short)
        .select("row", found)
        .explode("equation")
        .drop_nulls()
        .select("row", _spelling(pl.col("equation")))
        .group_by("row", maintain_order=True)
        .agg("equation")
    )
    lists = rows.select("row").join(spelled, on="row", how="left", maintain_order="left")
    return lists.select(pl.col("equation").fill_null([])).collect()["equation"]


def normalise_text(text: str) -> str:
    """Lower-case words and signs with single blanks, to compare texts without equations."""
    return " ".join(re.findall(r"[\w.%+*/=^-]+", text.lower()))


def _spelling(equation: pl.Expr) -> pl.Expr:
    joined = equation.str.replace_all(f"={BLANK}+", "=").str.replace_all("[$, \n]", "")
    return joined.str.replace_all("[×·x]", "*").str.replace_all("÷", "/", literal=True)

"""The fingerprint of one solution."""

import polars as pl

from stages.solutions.fingerprint import fingerprints


def fingerprint(kind: str, text: str, extracted: str | None) -> str:
    row = {"kind": [kind], "text": [text], "extracted": [extracted]}
    (found,) = fingerprints(pl.DataFrame(row, schema_overrides={"extracted": pl.String}))
    return found

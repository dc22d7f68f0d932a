"""What a run leaves on disk, as text."""

from pathlib import Path

import polars as pl


def everything_written(folder: Path) -> str:
    """All that a run left below a folder, Parquet read."""
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            parts += [str(path), str(pl.read_parquet(path).rows())]
        elif path.is_file():
            parts += [str(path), path.read_text()]
    return "\n".join(parts)

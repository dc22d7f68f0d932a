"""A user's own file as a view beside a run's, to join with them."""

from pathlib import Path
from typing import Any

import duckdb

from schemas import views
from schemas.errors import RatchetError

READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
    ".parquet": "read_parquet",
}


def add_view(connection: Any, file: Path) -> Path:
    """Makes a view of a file, called as the file without its ending; returns the file's full path.

    Raises RatchetError if it can't be read, or a view of the run has the name.
    """
    where, path = f"--with {file}", file.expanduser().resolve()
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise RatchetError(f"{where}: its name must end in one of {', '.join(READERS)}")
    if not path.is_file():
        raise RatchetError(f"{where}: there is no such file")
    if any(sign in str(path) for sign in "*?["):
        raise RatchetError(f"{where}: its path has one of the wildcards * ? [: rename it")
    name = path.stem
    if name.lower() in {view.lower() for view in views.view_names(connection)}:
        raise RatchetError(f"{where}: the run has a view {name} of its own: rename the file")
    quoted, escaped = name.replace('"', '""'), str(path).replace("'", "''")
    try:
        connection.execute(f"create view \"{quoted}\" as from {reader}('{escaped}')")
    except duckdb.Error as error:
        raise RatchetError(f"{where}: {views.error_reason(error)}") from error
    return path

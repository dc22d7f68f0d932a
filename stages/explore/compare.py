"""`ratchet compare`: the verdicts that two revisions of the run do not share."""

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from schemas.store import FILE
from schemas.table import RatchetError
from stages.explore import terminal, views

WORKSPACE = "workspace"
SHOWN = 40


def compare(a: str, b: str, as_json: bool) -> None:
    """Prints which verdicts flipped between two revisions, on samples that both have.

    a, b: a git revision, the name of an experiment, or «workspace». Raises RatchetError for a
    revision that is not there or whose tables are not in the cache.
    """
    with tempfile.TemporaryDirectory() as folder:
        sides = [_tables(rev, Path(folder, side)) for rev, side in ((a, "a"), (b, "b"))]
        rows = _graded_by_both(*sides)
    flips = [row for row in rows if row["outcome_a"] != row["outcome_b"]]
    if as_json:
        print(json.dumps(flips, indent=2, ensure_ascii=False))
        return
    console = terminal.console()
    console.print(f"{len(rows):,} samples graded in both {a} ({_graders(rows, 'a')}) and {b} "
                  f"({_graders(rows, 'b')}); {len(flips):,} verdicts flipped")  # fmt: skip
    kinds = Counter((row["outcome_a"], row["outcome_b"]) for row in flips)
    for (before, after), count in kinds.most_common():
        console.print(f"  {before} → {after}: {count:,}")
    if flips:
        heads = ["iteration", "problem", "sample", "reference", a, b]
        console.print(terminal.table(heads, [_shown(row) for row in flips[:SHOWN]]))
    if len(flips) > SHOWN:
        console.print(f"{len(flips) - SHOWN:,} more: --json lists all", style="dim")


def _tables(rev: str, folder: Path) -> Path:
    """A folder with the revision's verdicts and problems."""
    if rev == WORKSPACE:
        return Path("data")
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import SCMError

    try:
        files = DVCFileSystem(rev=rev)
        for noun in ("verdicts", "problems"):
            for path in files.find(f"data/{noun}"):
                if Path(path).name != FILE:
                    if files.info(path).get("md5"):  # else it is declared, and was never made
                        raise FileNotFoundError(f"{path} is not in the cache")
                    continue
                target = folder / Path(path).relative_to("data")
                target.parent.mkdir(parents=True, exist_ok=True)
                files.get_file(path, str(target))
    except (DvcException, SCMError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise RatchetError(
            f"{rev}: {reason}: name a revision whose run is in the cache (`dvc fetch` brings it)"
        ) from error
    return folder


def _graded_by_both(a: Path, b: Path) -> list[dict[str, Any]]:
    files = {}
    for name, folder, noun in (
        ("a", a, "verdicts"),
        ("b", b, "verdicts"),
        ("problems", b, "problems"),
    ):
        files[name] = [str(path) for path in sorted(folder.glob(f"{noun}/**/{FILE}"))]
        if not files[name]:
            raise RatchetError(f"there is no table {noun} on one side: name revisions that ran")
    return views.ask(duckdb.connect(), "flips", **files)


def _graders(rows: list[dict[str, Any]], side: str) -> str:
    return ", ".join(sorted({row[f"grader_{side}"] for row in rows})) or "none"


def _shown(row: dict[str, Any]) -> list[Any]:
    sides = [f"{row[f'outcome_{s}']}: {row[f'extracted_{s}'] or '–'}" for s in "ab"]
    return [row["iteration"], row["problem_id"], row["sample_id"][:8], row["reference"], *sides]

"""Rows of data sets in every format and form of file: each becomes a problem or a reject."""

import gzip
import json
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import yaml

from schemas.errors import RatchetError
from stages.contract.dvc_files import parameter_values
from stages.prepare import prepare
from tests.fuzz.mutation import mutated, mutated_text
from tests.tasks.test_formats import GOOD
from tests.tasks.test_functions import MBPP
from tests.tasks.test_input_output import GOOD as CONTESTS

SOUND: list[tuple[str, dict[str, Any]]] = [
    *((form, row) for form, row, _ in GOOD),
    *(CONTESTS.values()),
    ("mbpp", MBPP),
]
PARAMETERS = parameter_values()


def case(chance: Random, folder: Path) -> str:
    """One file of rows, some of them odd, through `prepare`."""
    form, _ = chance.choice(SOUND)
    sound = [row for other, row in SOUND if other == form]
    rows = [
        mutated(row, chance, chance.choice([0, 1, 1, 2, 5]))
        for row in chance.choices(sound, k=chance.randint(1, 12))
    ]
    file, n_rows = _write(rows, chance, folder)
    values = PARAMETERS | {"task": _task(form, file)}
    (folder / "params.yaml").write_text(yaml.dump(values, Dumper=yaml.CSafeDumper))
    try:
        prepare.run(0)
    except RatchetError as error:
        _require_line(error)
        return "refused"
    problems, rejects = (
        pl.concat([pl.read_parquet(part) for part in folder.glob(f"data/{noun}/**/*.parquet")])
        for noun in ("problems", "rejects")
    )
    train = problems.filter(split="train")
    one = pl.coalesce("form_of", "problem_id") if "form_of" in train.columns else "problem_id"
    n_used = train.select(one).n_unique()
    if n_rows is not None:
        n_lost = n_rows - n_used - rejects.height
        assert n_lost <= 0, f"{n_lost} of {n_rows} rows are neither problems nor rejects"
    return "prepared"


def _require_line(error: RatchetError) -> None:
    assert "\n" not in str(error), f"an error of several lines: {error}"


def _task(form: str, file: Path) -> dict[str, Any]:
    source = {"source": str(file), "format": form}
    return {
        "name": "datasets",
        "train": {"fuzz": source},
        "test": {},
        "steps": "auto",
        "n_train": None,
        "n_test": None,
    }


def _write(rows: list[Any], chance: Random, folder: Path) -> tuple[Path, int | None]:
    """(file, how many rows it has; None if its text was damaged)."""
    form = chance.choice(["jsonl", "jsonl", "jsonl.gz", "json", "csv", "parquet"])
    if form in ("csv", "parquet"):
        try:
            frame = pl.DataFrame(rows, strict=False)
            file = folder / f"rows.{form}"
            frame.write_csv(file) if form == "csv" else frame.write_parquet(file)
            return file, None
        except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
            form = "jsonl"  # what no table can hold
    lines = [json.dumps(r, default=float, ensure_ascii=chance.random() < 0.5) for r in rows]
    text = f"[{', '.join(lines)}]" if form == "json" else "\n".join(lines)
    is_damaged = chance.random() < 0.2
    content = (mutated_text(text, chance) if is_damaged else text).encode(errors="surrogatepass")
    file = folder / f"rows.{form}"
    file.write_bytes(gzip.compress(content) if form.endswith(".gz") else content)
    return file, None if is_damaged else len(rows)

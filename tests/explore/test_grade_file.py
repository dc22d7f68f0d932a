"""`ratchet grade`: the same rows, in order, with verdicts; one line for what is no such file."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from stages.explore.cli import app

ROWS: list[dict[str, Any]] = [
    {"id": 7, "reference": "18", "prediction": "9*2 = 18.\n#### 18", "more": {"a": [1, None]}},
    {"id": 6, "reference": r"\boxed{\frac{1}{2}}", "prediction": "0.5"},
    {"id": 5, "reference": 5, "prediction": 6.0},
    {"id": 4, "reference": "10", "prediction": None, "kind": None},
    {"id": 3, "reference": "18", "prediction": "half of it is 9 and"},
    {"id": 2, "reference": ["assert f(1) == 2"], "prediction": "def f(x): return 2",
     "kind": "code"},
    {"id": 1, "reference": "10", "prediction": "print(5 + 5)", "kind": "program"},
    {"id": 0, "reference": "assert g(f(1)) == 3", "prediction": "def f(x): return 2",
     "given": "def g(x): return x + 1", "kind": "code"},
]  # fmt: skip
VERDICTS = [
    ("correct", "18"),
    ("correct", "0.5"),
    ("wrong", "6.0"),
    ("unparseable", None),
    ("unparseable", None),
    ("correct", "def f(x): return 2"),
    ("correct", "10"),
    ("correct", "def f(x): return 2"),
]


def grade(*words: object) -> Result:
    return CliRunner().invoke(app, ["grade", *map(str, words)])


def lines(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def test_the_same_rows_come_back_in_order(tmp_path: Path) -> None:
    done = grade(lines(tmp_path / "in.jsonl", ROWS))
    assert done.exit_code == 0, done.stderr
    graded = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row.pop("outcome"), row.pop("extracted")) for row in graded] == VERDICTS
    details = [row.pop("detail") for row in graded]
    assert (details[0], details[3], details[5]) == ("exact", "no answer found", "tests pass")
    both = [(row.pop("outcome_stated"), row.pop("outcome_flexible")) for row in graded]
    assert both == [(outcome, outcome) for outcome, _ in VERDICTS[:4]] + [
        ("unparseable", "wrong"), *[(outcome, outcome) for outcome, _ in VERDICTS[5:]]
    ]  # fmt: skip
    assert graded == ROWS
    assert done.stderr == (
        "8 graded: 5 correct (62.5%), 2 unparseable, 1 wrong\n"
        "1 state no answer, but end in a value: 62.5% are correct by what they state, 62.5% by "
        "their last value (--extract flexible)\n"
    )


def test_the_last_value_decides_if_asked(tmp_path: Path) -> None:
    rows = [{"reference": "18", "prediction": "So she has 18 left over."}]
    done = grade(lines(tmp_path / "in.jsonl", rows), "--extract", "flexible")
    (graded,) = map(json.loads, done.stdout.splitlines())
    assert (graded["outcome"], graded["extracted"]) == ("correct", "18")
    assert graded["outcome_stated"] == "unparseable"
    assert "0.0% are correct by what they state, 100.0% by their last value" in done.stderr


AS_PEOPLE_HAVE_THEM = [
    ({"reference": "B", "prediction": "42", "options": ["17", "42"]}, "correct"),
    ({"reference": "42", "prediction": "B", "options": ["17", "42"]}, "correct"),
    ({"reference": 1, "prediction": "The answer is (B)", "options": ["x", "y"]}, "correct"),
    ({"reference": "B", "prediction": "A", "options": ["17", "42"]}, "wrong"),
    ({"reference": ["3"], "prediction": "3"}, "correct"),
    ({"reference": ["3", "4"], "prediction": "The answers are $3$ and $4$."}, "correct"),
    ({"reference": "3", "messages": [{"role": "user", "content": "1 + 2?"},
                                     {"role": "assistant", "content": "It is 3."},
                                     {"role": "assistant", "content": "#### 3"}]}, "correct"),
    ({"reference": "3", "prediction": [{"role": "assistant", "content": "#### 3"}]}, "correct"),
    ({"reference": "3", "prediction": {"role": "assistant", "content": "#### 3"}}, "correct"),
    ({"reference": "3", "conversations": [{"from": "human", "value": "1 + 2?"},
                                          {"from": "gpt", "value": "#### 3"}]}, "correct"),
]  # fmt: skip


def test_rows_are_read_as_people_have_them(tmp_path: Path) -> None:
    done = grade(lines(tmp_path / "in.jsonl", [row for row, _ in AS_PEOPLE_HAVE_THEM]))
    graded = [json.loads(line)["outcome"] for line in done.stdout.splitlines()]
    assert graded == [outcome for _, outcome in AS_PEOPLE_HAVE_THEM]


def test_a_csv_file_is_text(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    whole = "".join(f"{n},{n}\n" for n in range(120))
    table.write_text(f"reference,prediction\n{whole}1/2,0.5\n007,007\n")
    done = grade(table)
    graded = [json.loads(line) for line in done.stdout.splitlines()]
    assert graded[-1]["prediction"] == "007" and graded[-1]["outcome"] == "correct"
    assert {row["outcome"] for row in graded} == {"correct"}


def test_decimals_of_parquet_are_numbers(tmp_path: Path) -> None:
    amounts = pl.Series(["1.50", "20.00"]).cast(pl.Decimal(10, 2))
    pl.DataFrame({"reference": amounts, "prediction": ["1.5", "20"]}).write_parquet(
        tmp_path / "in.parquet"
    )
    done = grade(tmp_path / "in.parquet")
    graded = [json.loads(line)["outcome"] for line in done.stdout.splitlines()]
    assert graded == ["correct", "correct"]


def test_a_grader_that_is_given_rationales_says_so(tmp_path: Path) -> None:
    rows = [
        {"reference": f"He has {n} pens and buys 2, so he has more", "prediction": f"#### {n + 2}"}
        for n in range(30)
    ]
    done = grade(lines(tmp_path / "in.jsonl", rows))
    assert done.exit_code == 0
    warning = done.stderr.splitlines()[-1]
    assert "only 0 of 30 answers are right: are the references answers alone?" in warning
    assert warning.count('" (') == 3


def test_lines_go_to_a_file(tmp_path: Path) -> None:
    done = grade(lines(tmp_path / "in.jsonl", ROWS), "--out", tmp_path / "out.jsonl")
    assert (done.exit_code, done.stdout) == (0, "")
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(row["outcome"], row["extracted"]) for row in written] == VERDICTS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_a_parquet_file_keeps_its_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "reference": ["1", "2"],
            "prediction": ["1", "3"],
            "n": pl.Series([1, None], dtype=pl.Int8),
        }
    )
    frame.write_parquet(tmp_path / "in.parquet")
    done = grade(tmp_path / "in.parquet", "--out", tmp_path / "out.parquet")
    assert done.exit_code == 0, done.stderr
    written = pl.read_parquet(tmp_path / "out.parquet")
    assert written.select(frame.columns).equals(frame)
    assert written.schema["n"] == pl.Int8
    assert written["outcome"].to_list() == ["correct", "wrong"]


BAD = [
    ([{"prediction": "1"}], [], "in.jsonl:1 has no field 'reference' (it has: prediction)"),
    ([ROWS[0], {"reference": "1"}], [], "in.jsonl:2 has no field 'prediction'"),
    ([{"reference": "1", "prediction": ["1"]}], [], "in.jsonl:1: prediction is a list: give a"),
    ([{"reference": None, "prediction": "1"}], [], "in.jsonl:1: reference is a NoneType"),
    ([ROWS[0] | {"kind": "maths"}], [], "in.jsonl:1: kind is 'maths': use one of math, "),
    ([ROWS[0] | {"outcome": "x"}], [], "in.jsonl:1 already has a field 'outcome': rename it"),
    ([ROWS[0] | {"options": "A"}, [1]], [], "in.jsonl:2 is a list, not an object"),
    ([ROWS[0] | {"options": [1]}], [], "in.jsonl:1: options must be a text or a list of texts"),
    ([], [], "in.jsonl has no rows"),
    (ROWS, ["--out", "out.txt"], "--out out.txt: name a file that ends in .jsonl or .parquet"),
    (ROWS, ["--out", "no/such/out.jsonl"], "--out no/such/out.jsonl: "),
    (ROWS, ["--out", "out.parquet"], "several types, which Parquet can't store: name a .jsonl"),
    (ROWS, ["--kind", "maths"], "kind is 'maths'"),
    (ROWS, ["--workers", "0"], "--workers and --timeout must be above 0"),
    (ROWS, ["--sandbox", "docker"], "--sandbox"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "options", "message"), BAD, ids=[b[2][:40] for b in BAD])
def test_errors_are_one_line_and_nothing_is_written(
    rows: list[Any],
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = grade(lines(tmp_path / "in.jsonl", rows), *options)
    assert done.exit_code == 1
    assert message in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = grade(tmp_path / "none.jsonl")
    assert done.exit_code == 1
    assert "none.jsonl: name a JSONL, JSON, CSV or Parquet file" in done.stderr

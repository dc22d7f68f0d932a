"""The papers' tables as data: files, names, layouts, and the runs that they need."""

from pathlib import Path

import pytest

from schemas.errors import RatchetError
from stages.contract.dvc_files import ROOT
from stages.explore.reproduce import cell_values
from stages.explore.reproduce.compared_settings import compare_settings
from stages.explore.reproduce.needed_runs import NeededRun, merge, split
from stages.explore.reproduce.paper_tables import PaperTable, find_table, load_paper, load_papers
from stages.explore.reproduce.table_layout import changed_settings, lay_out

TABLES = {
    f"{paper.name}/{number}": table
    for paper in load_papers().values()
    for number, table in paper.tables.items()
}
MADE = {name: table for name, table in TABLES.items() if table.blocks}
TOY = ["task=toy", "model=tiny"]
TABLE = """
name: p
title: t
arxiv: "1"
tables:
  "1":
    title: t
    blocks: [{columns: [{name: GSM8K, measure: accuracy}]}]
    rows: [{name: SFT}, {name: "M{}", iteration: each}]
    reported:
      - NUMBER
"""


def test_every_table_of_the_papers_is_listed() -> None:
    numbers = {name: set(paper.tables) for name, paper in load_papers().items()}
    assert numbers == {
        "sipf": {*"1234567", *(f"figure{n}" for n in range(3, 8))},
        "step-kto": {*"123"},
        "gsi": {*"1234", *(f"figure{n}" for n in range(2, 6))},
    }


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("{row: SFT, column: GSM8K, value: 1, source: s}", None),
        ("{row: M3, column: GSM8K, value: 1, source: s}", None),
        ("{row: SFT, column: GSM8K, value: 1}", "tables.1.reported.0.source: Field required"),
        ("{row: SFT, column: GSM, value: 1, source: s}",
         "tables.1: 'GSM' is no column of this table; did you mean 'GSM8K'?"),
        ("{row: SFTT, column: GSM8K, value: 1, source: s}",
         "tables.1: 'SFTT' is no row of this table; did you mean 'SFT'?"),
        ("{row: SFT, column: GSM8K, value: high, source: s}", "tables.1.reported.0.value: Input"),
        ("{row: SFT, colum: GSM8K, value: 1, source: s}", "tables.1.reported.0.column: Field"),
        ("{row", "is not valid YAML"),
    ],
)  # fmt: skip
def test_a_reported_number_is_one_line(tmp_path: Path, number: str, reason: str | None) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(TABLE.replace("NUMBER", number))
    if reason is None:
        assert load_paper(file).tables["1"].reported[0].value == 1
        return
    with pytest.raises(RatchetError) as raised:
        load_paper(file)
    assert str(raised.value).startswith("p.yaml") and reason in str(raised.value)


@pytest.mark.parametrize("name", MADE)
def test_measures_and_files_of_conf_exist(name: str) -> None:
    """But for recipes, which are an error only when the row is run."""
    table = MADE[name]
    for block in table.blocks:
        for column in block.columns:
            assert (cell_values.FOLDER / f"{column.measure}.sql").exists()
    for run in lay_out(table, []).runs():
        for group in ("task", "model"):
            assert (ROOT / "conf" / group / f"{run.choices[group]}.yaml").exists()
        assert "recipe" in run.choices


@pytest.mark.parametrize("name", MADE)
def test_reported_numbers_are_of_cells_that_are_shown(name: str) -> None:
    table = MADE[name]
    shown = {(cell.row, cell.column.name) for cell in lay_out(table, []).cells}
    assert {(number.row, number.column) for number in table.reported} <= shown


@pytest.mark.parametrize(
    ("name", "given", "runs", "columns"),
    [
        ("sipf/1", [], 18, [["GSM8K", "MMLU_Math"], ["MBPP", "HumanEval"]]),
        ("sipf/1", ["task=gsm8k"], 9, [["GSM8K", "MMLU_Math"]]),
        ("sipf/1", TOY, 9, [["toy", "toy out of domain"]]),
        ("sipf/1", [*TOY, "seed=0,1"], 18, [["toy", "toy out of domain"]]),
        ("sipf/4", TOY, 4, [["toy", "toy out of domain"]]),
        ("sipf/figure4", TOY, 3, [["RFT"], ["SIOF"], ["SIPF"]]),
        ("step-kto/1", TOY, 4, [["toy"], ["toy, Maj@k"]]),
        ("step-kto/2", ["model=gemma-2b"], 5,
         [["MATH-500", "AMC23", "AIME24"],
          ["MATH-500, Maj@8", "AMC23, Maj@8", "AIME24, Maj@8"]]),
        ("step-kto/3", TOY, 2, [["flawed", "toy"]]),
        ("gsi/1", TOY, 7, [["draws", "coverage"], ["held in", "held out"]]),
    ],
)  # fmt: skip
def test_layouts(name: str, given: list[str], runs: int, columns: list[list[str]]) -> None:
    layout = lay_out(find_table(name), given)
    assert len(layout.runs()) == runs
    assert [[column.name for column in block] for block in layout.blocks] == columns
    assert len({run.experiment for run in layout.runs()}) == runs


def test_rows_of_one_method_read_one_run() -> None:
    layout = lay_out(find_table("sipf/1"), ["task=gsm8k"])
    rows = {cell.row: cell for cell in layout.cells if cell.column.name == "GSM8K"}
    iterations = {"SFT": 0, "SIPF Iter 1": 1, "SIPF Iter 2": 2, "SIPF Iter 3": 3}
    assert {name: rows[name].iteration for name in iterations} == iterations
    assert len({rows[name].runs for name in iterations}) == 1
    assert rows["SFT"].runs[0].iteration == 3
    assert rows["RFT"].runs[0].iteration == rows["RFT"].iteration == 1
    assert (rows["STaR"].runs[0].iteration, rows["STaR"].iteration) == (4, "best")


@pytest.mark.parametrize(
    ("given", "iterations"),
    [
        ([], {"RFT": 1, "STaR": 4, "SIPF Iter 2": 3, "SIPF Iter 3": 3}),
        (["iteration=2"], {"RFT": 1, "STaR": 2, "SIPF Iter 2": 2, "SIPF Iter 3": None}),
        (["iteration=6"], {"RFT": 1, "STaR": 4, "SIPF Iter 2": 3, "SIPF Iter 3": 3}),
    ],
)
def test_the_users_iteration_never_exceeds_what_a_row_needs(
    given: list[str], iterations: dict[str, int | None]
) -> None:
    layout = lay_out(find_table("sipf/1"), ["task=gsm8k", *given])
    runs = {cell.row: [run.iteration for run in cell.runs] for cell in layout.cells}
    assert {row: runs[row] for row in iterations} == {
        row: [n] if n else [] for row, n in iterations.items()
    }


def test_a_curve_has_a_row_for_each_iteration() -> None:
    layout = lay_out(find_table("sipf/figure4"), ["iteration=2"])
    assert layout.rows == ["iteration 0", "iteration 1", "iteration 2"]


@pytest.mark.parametrize(
    ("name", "given", "changed"),
    [
        ("sipf/1", ["task=gsm8k", "model=gemma-2b", "seed=3", "engine=vllm", "iteration=2"], []),
        ("sipf/1", ["model=tiny", "sample.k=2"], ["model=tiny", "sample.k=2"]),
        ("sipf/1", ["engine.batch_size=4", "compute=ray"], []),
        ("gsi/1", ["task=gsi_pot"], ["task=gsi_pot"]),
    ],
)
def test_what_makes_numbers_incomparable(name: str, given: list[str], changed: list[str]) -> None:
    assert changed_settings(find_table(name), given) == changed


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("sipf/l", "there is no table sipf/l: did you mean sipf/"),
        ("stepkto/1", "did you mean step-kto/1"),
        ("SIPF/figure44", "did you mean sipf/figure4"),
        ("sipf/2", "sipf/2: layout not on file: add its rows and columns to its paper's file in"),
    ],
)
def test_unknown_tables_name_the_nearest(name: str, reason: str) -> None:
    with pytest.raises(RatchetError) as raised:
        find_table(name)
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["recipe=rft"], "rows choose the recipe: leave out -S recipe="),
        (["seed"], "-S seed: write NAME=VALUE"),
        (["iteration=1000"], "iteration=1000: set a number from 1 to 999"),
        (["iteration=x"], "iteration=x: set a number"),
    ],
)
def test_settings_that_can_not_be_used(given: list[str], reason: str) -> None:
    with pytest.raises(RatchetError, match=reason):
        lay_out(find_table("sipf/1"), given)


@pytest.mark.parametrize(
    ("setting", "parts"),
    [("a.b=1", ("a.b", "1")), ("+a=x=y", ("a", "x=y")), ("~a.b", ("a.b", "")), ("a=", ("a", ""))],
)
def test_settings_are_split(setting: str, parts: tuple[str, str]) -> None:
    assert split(setting) == parts


def test_later_settings_replace_earlier_ones() -> None:
    assert list(merge(["task=a", "k=1"], ["+task=b"]).values()) == ["+task=b", "k=1"]


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("recipe=sipff", "conf/recipe/ has no sipff; did you mean sipf?"),
        ("model=tinny", "conf/model/ has no tinny; did you mean tiny?"),
        ("sample.kk=1", "there is no setting sample.kk: did you mean sample.k"),
    ],
)
def test_runs_that_conf_can_not_compose(setting: str, reason: str) -> None:
    run = NeededRun((setting,), 1)
    with pytest.raises(RatchetError) as raised:
        _ = run.values
    assert reason in str(raised.value)


def test_settings_are_compared_with_the_papers() -> None:
    rows = {row["setting"]: row for row in compare_settings(find_table("sipf/5"), [])}
    assert all(row["same"] for row in rows.values()), rows
    other = compare_settings(find_table("sipf/5"), ["align.batch_size=8"])
    assert [row["setting"] for row in other if not row["same"]] == ["align.batch_size"]


def test_names_of_runs_say_what_they_are() -> None:
    run = NeededRun(("recipe=step_kto", "task=gsi_cot", "seed=1"), 2)
    assert run.experiment.startswith("step-kto-gsi-cot-")
    assert run.experiment != NeededRun(run.settings, 3).experiment


def test_a_table_without_layout_needs_no_run() -> None:
    assert not PaperTable(title="t").has_layout

"""What counts as a stage's code."""

from pathlib import Path

import pytest

from stages.contract.code_files import ROOT, code_of, list_code, without_comments
from stages.contract.stage_list import load_stages

COMMENTS = {
    "none": ("a = 1\n", "a = 1\n"),
    "a line": ("# said\na = 1\n    # more\nb = 2\n", "a = 1\nb = 2\n"),
    "after code": ("a = 1  # said\n", "a = 1\n"),
    "in a text": ('a = "# kept"\nb = """\n# kept\n"""\n', 'a = "# kept"\nb = """\n# kept\n"""\n'),
    "both": ('a = "#"  # said\n', 'a = "#"\n'),
    "at the end": ("a = 1\n# said", "a = 1\n"),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_comments_are_no_code(name: str) -> None:
    source, expected = COMMENTS[name]
    assert without_comments(source) == expected


@pytest.mark.parametrize(
    ("stage", "file", "is_run"),
    [
        ("grade", "stages/grading/choice.py", True),
        ("grade", "stages/grade.py", True),
        ("grade", "schemas/verdicts.py", True),
        ("grade", "schemas/pairs.py", False),
        ("grade", "stages/training/job.py", False),
        ("stats", "stages/measures/coverage.sql", True),
        ("report", "stages/results/template/report.css", True),
        ("guide", "stages/guidance/strategies/state_reset.py", True),  # loaded by its name
        ("stats", "stages/explore/cli.py", False),
    ],
)
def test_a_stage_has_the_files_that_its_imports_reach(stage: str, file: str, is_run: bool) -> None:
    assert (ROOT / file).exists()
    code = {other.name: code_of(other) for other in load_stages()}
    assert (file in code[stage]) == is_run


def test_the_list_is_one_line_a_file_with_its_digest(tmp_path: Path) -> None:
    list_code(load_stages()[5:7], tmp_path)
    lines = (tmp_path / "grade/code.txt").read_text().splitlines()
    paths = [line.split(" ")[0] for line in lines]
    assert paths == sorted(paths) and "stages/grade.py" in paths
    assert {len(line.split(" ")[1]) for line in lines} == {32}
    assert (tmp_path / "sample/code.txt").exists()

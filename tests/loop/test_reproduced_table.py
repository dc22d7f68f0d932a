"""`ratchet reproduce --run`: makes what a table lacks, and prints it."""

import json

import pytest

from tests.fakes.project_copy import SMALL, ProjectCopy

pytestmark = pytest.mark.loop
SETTINGS = ["task=toy", "model=tiny", "iteration=1", *SMALL]
WORDS = [word for setting in SETTINGS for word in ("-S", setting)]


def test_missing_runs_are_made_beside_the_files_here(project: ProjectCopy) -> None:
    before = project.hashes(1)
    asked = project.run("ratchet", "reproduce", "sipf/figure4", *WORDS, COLUMNS="80")
    assert asked.stdout.count(" missing ") == 2 and asked.stdout.count(" there ") == 1, asked.stdout
    made = project.run("ratchet", "reproduce", "sipf/figure4", *WORDS, "--run", COLUMNS="80")
    assert made.returncode == 0, made.stdout + made.stderr
    assert made.stderr.count(": done (") == 2, made.stderr
    assert made.stdout.count(" there ") == 3, made.stdout
    assert "3 runs: " in made.stdout and "sharing saved 0 " not in made.stdout, made.stdout
    assert project.hashes(1) == before
    shown = project.run("ratchet", "reproduce", "sipf/figure4", *WORDS, "--json")
    rows = json.loads(shown.stdout)
    first = {row["column"]: row["ours"] for row in rows if row["row"] == "iteration 0"}
    assert len(set(first.values())) == 1 and set(first) == {"RFT", "SIOF", "SIPF"}
    assert all(row["ours"] is not None for row in rows)


def test_a_run_that_fails_is_named_with_its_reason(project: ProjectCopy) -> None:
    words = [*WORDS, "-S", "pair.min_rows=99999"]
    made = project.run("ratchet", "reproduce", "gsi/figure3", *words, "--run", COLUMNS="80")
    assert made.returncode == 1
    assert ": failed: " in made.stderr and "pair.min_rows=99999" in made.stderr, made.stderr
    again = project.run("ratchet", "reproduce", "gsi/figure3", *words, COLUMNS="80")
    assert again.returncode == 0 and " failed " in again.stdout, again.stdout

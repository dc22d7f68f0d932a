"""`ratchet settings`, and hints at the nearest name."""

import json
from pathlib import Path

import pytest

from stages.contract.dvc_files import params
from tests.fakes.command_line import ratchet


@pytest.mark.parametrize(
    ("word", "first", "about"),
    [
        ("pair.margin", "pair.margin", "eta, SIPF §2.4, Eq. 6"),
        ("MARGIN", "pair.margin", "eta, SIPF §2.4, Eq. 6"),
        ("simpo's margin", "align.gamma", "SimPO's margin"),  # by its meaning
        ("levels", "task.levels", None),  # of a task alone
    ],
)
def test_a_word_finds_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, first: str, about: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (row, *_) = json.loads(ratchet("settings", word, "--json").stdout)
    assert row["setting"] == first and "here" not in row
    assert about is None or row["about"] == about


def test_the_value_here_stands_beside_that_of_conf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(params("pair.margin=0.25"))
    (row, *_) = json.loads(ratchet("settings", "pair.margin", "--json").stdout)
    assert (row["here"], row["default"]) == ("0.25", "0.1")
    assert "pair.margin   0.25" in ratchet("settings", "pair.margin").stdout
    assert len(json.loads(ratchet("settings", "--json").stdout)) > 150


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["settings", "margn"], "no setting is called margn or says so: did you mean pair.margin?"),
        (["settings", "zzzzzz"], "no setting is called zzzzzz or says so: `ratchet settings`"),
        (["plan", "pair.margn=1"], "there is no setting pair.margn: did you mean pair.margin?"),
        (["plan", "margin=1"], "there is no setting margin: did you mean pair.margin?"),
        (["plan", "recpe=sipf"], "there is no setting recpe: did you mean recipe?"),
        (["plan", "recipe=zzz"], "recipe=zzz can't be composed"),
    ],
)
def test_a_wrong_name_hints_at_the_nearest(words: list[str], said: str) -> None:
    done = ratchet(*words)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"ratchet: {said}") and done.stderr.count("\n") == 1

"""`ratchet export`: folders of rows, read and trained on by the tools that they are for."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml

from schemas import views
from stages.explore.commands.export_arguments import DATA
from stages.explore.export.export_kinds import KINDS
from tests.fakes.command_line import one, ratchet
from tests.fakes.hub import serving_hub

DISTINCT = {
    "pairs": "select count(distinct (prompt, prefix, chosen, rejected)) from pairs",
    "examples": "select count(distinct (prompt, completion)) from examples",
    "step_labels": "select count(distinct path_id) from step_labels",
    "paths": "select count(distinct path_id) from paths",
    "samples": "select count(*) from samples",
}
CONTENT = {
    "pairs": ["prompt", "chosen", "rejected"],
    "examples": ["prompt", "completion"],
    "step_labels": ["prompt", "completions"],
    "paths": ["prompt", "completion"],
    "samples": ["sample_id"],
}


@pytest.fixture(scope="module")
def plain(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A planted run as the current folder, with every kind exported to exports/."""
    folder = tmp_path_factory.mktemp("plain") / "run"
    shutil.copytree(planted, folder)
    params = yaml.safe_load((folder / "params.yaml").read_text())
    (folder / "params.yaml").write_text(yaml.safe_dump(params | {"task": {"name": "toy"}}))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for kind in DATA:
            shown = ratchet("export", kind)
            assert shown.exit_code == 0, shown.output
        yield folder


def loaded(folder: Path | str) -> Any:
    """The folder's splits, as `datasets` reads them; what it keeps is beside the folder."""
    from datasets import load_dataset

    return load_dataset(str(folder), cache_dir=str(Path(folder).parent / "cache"))


@pytest.mark.parametrize("kind", DATA)
def test_a_folder_loads_whole_and_holds_each_row_once(plain: Path, kind: str) -> None:
    data = loaded(plain / "exports" / kind)
    rows = pl.concat([split.to_polars() for split in data.values()])
    assert set(data) == {"train", "test"}
    assert rows.height == one(views.connect(), DISTINCT[kind]) > 0
    assert rows[KINDS[kind].key].n_unique() == rows.height
    assert rows.select(CONTENT[kind]).n_unique() == rows.height
    assert rows["iteration"].null_count() == 0


@pytest.mark.parametrize("kind", DATA)
def test_a_problem_is_in_one_split(plain: Path, kind: str) -> None:
    data = loaded(plain / "exports" / kind)
    assert not set(data["train"]["problem_id"]) & set(data["test"]["problem_id"])


def test_the_split_is_the_same_in_every_export(plain: Path) -> None:
    held = {kind: set(loaded(plain / "exports" / kind)["test"]["problem_id"]) for kind in DATA}
    assert all(held[kind] <= held["samples"] for kind in DATA)


def test_forms_of_a_problem_stay_together() -> None:
    from stages.explore.export.dataset_folder import split

    ids = [f"p{n}" for n in range(40)]
    families = pl.DataFrame({"problem_id": ids, "family": [f"f{n // 4}" for n in range(40)]})
    parts = split(pl.DataFrame({"problem_id": ids}), families, 0.5)
    sides = [{int(p[1:]) // 4 for p in part["problem_id"]} for part in parts.values()]
    assert len(sides) == 2 and not sides[0] & sides[1]


@pytest.mark.parametrize(("share", "splits"), [("0", {"train"}), ("0.5", {"train", "test"})])
def test_the_share_for_testing(plain: Path, tmp_path: Path, share: str, splits: set[str]) -> None:
    shown = ratchet("export", "pairs", "--out", str(tmp_path / "x"), "--test-share", share)
    assert shown.exit_code == 0
    assert set(loaded(tmp_path / "x")) == splits


def test_one_iteration_alone(plain: Path, tmp_path: Path) -> None:
    assert ratchet("export", "pairs", "1", "--out", str(tmp_path / "x")).exit_code == 0
    rows = pl.concat([part.to_polars() for part in loaded(tmp_path / "x").values()])
    own = DISTINCT["pairs"] + " where iteration = 1"
    assert rows.height == one(views.connect(), own)
    assert set(rows["iteration"]) == {1}


def test_a_row_has_the_values_of_the_last_iteration_that_uses_it(plain: Path) -> None:
    rows = pl.concat([p.to_polars() for p in loaded(plain / "exports/pairs").values()])
    assert (rows["iteration"] == rows["iterations"].list.max()).all()
    assert rows.filter(pl.col("iterations").list.len() == 2).height > 0
    assert (rows["made_in"] <= rows["iterations"].list.min()).all()


def test_steps_begin_in_the_prompt(plain: Path) -> None:
    query = "select prompt || prefix as prompt, chosen from pairs where prefix != ''"
    expected = {(row["prompt"], row["chosen"]) for row in views.ask(views.connect(), query)}
    rows = pl.concat([p.to_polars() for p in loaded(plain / "exports/pairs").values()])
    assert expected and expected <= set(rows.select("prompt", "chosen").rows())


def test_step_labels_are_lists_of_one_length(plain: Path) -> None:
    for row in loaded(plain / "exports/step_labels")["train"]:
        assert len(row["completions"]) == len(row["labels"]) == len(row["n_rollouts"]) > 0


def test_files_carry_table_schema_and_run(plain: Path) -> None:
    file = next((plain / "exports/pairs/data").glob("train-*.parquet"))
    metadata = pq.read_metadata(file).metadata
    assert metadata[b"ratchet.table"] == b"pairs"
    assert len(metadata[b"ratchet.schema"]) == 8
    assert b'"recipe": "sipf"' in metadata[b"ratchet.run"]


@pytest.mark.parametrize("kind", DATA)
def test_the_card_is_one_for_the_hub(plain: Path, kind: str) -> None:
    from huggingface_hub import DatasetCard

    with serving_hub():
        card = DatasetCard.load(plain / "exports" / kind / "README.md")
        card.validate()
    assert card.data.license == ["apache-2.0"]
    files = card.data.to_dict()["configs"][0]["data_files"]
    assert [file["split"] for file in files] == ["train", "test"]
    assert all((plain / "exports" / kind / file["path"]).is_file() for file in files)
    for fact in ("sipf", "toy", "params.yaml", "Commit:"):
        assert fact in card.text
    columns = loaded(plain / "exports" / kind)["train"].features
    assert all(f"- `{name}`" in card.text for name in columns)


def test_a_second_export_takes_the_place_of_the_first_when_loaded_too(
    plain: Path, tmp_path: Path
) -> None:
    out = str(tmp_path / "x")
    for iteration in ("1", "2"):
        assert ratchet("export", "pairs", iteration, "--out", out).exit_code == 0
        assert len(list(Path(out, "data").iterdir())) == 2
        assert set(loaded(out)["train"]["iteration"]) == {int(iteration)}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "name one of pairs, examples"),
        (["pair"], "'pair' is none of pairs, examples"),
        (["pairs", "7"], "has no pairs in iteration 7"),
        (["pairs", "--lm-eval"], "--lm-eval goes alone, or with model"),
        (["pairs", "--public"], "--public needs --push"),
        (["pairs", "--out", "data"], "--out data holds other files"),
        (["pairs", "--out", "params.yaml"], "--out params.yaml is a file"),
    ],
)
def test_errors_are_one_line(plain: Path, words: list[str], reason: str) -> None:
    shown = ratchet("export", *words)
    assert shown.exit_code == 1
    assert reason in shown.stderr and shown.stderr.count("\n") == 1


@pytest.mark.parametrize("public", [False, True])
def test_push(plain: Path, tmp_path: Path, public: bool) -> None:
    out = tmp_path / "x"
    words = ["export", "pairs", "--out", str(out), "--push", "me/pairs"]
    with serving_hub() as hub:
        shown = ratchet(*words, *["--public"] * public)
        again = ratchet(*words)
    assert (shown.exit_code, again.exit_code) == (0, 0), shown.output
    assert f"pushed to {hub.url}/datasets/me/pairs" in shown.stderr
    repository = hub.repositories["me/pairs"]
    assert (repository.kind, repository.private) == ("dataset", not public)
    here = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert repository.files == here


@pytest.mark.parametrize(
    ("name", "token", "reason"),
    [
        ("me/pairs", "hf_wrong", "log in with `hf auth login`"),
        ("me/pairs/more", "hf_stand_in", "Repo id must be"),
    ],
)
def test_a_push_that_the_hub_refuses(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, token: str, reason: str
) -> None:
    with serving_hub():
        monkeypatch.setenv("HF_TOKEN", token)
        shown = ratchet("export", "pairs", "--out", str(tmp_path / "x"), "--push", name)
    assert shown.exit_code == 1
    assert reason in shown.stderr.splitlines()[-1]


def test_a_chat_is_messages_and_a_step_is_text(
    planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(planted, folder)
    monkeypatch.chdir(folder)
    params = yaml.safe_load((folder / "params.yaml").read_text())
    params["model"] = {"prompt": "chat", "system": "Be brief.", "instruction": "In steps."}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    assert ratchet("export", "examples").exit_code == 0
    row = loaded(folder / "exports/examples")["train"][0]
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    assert row["prompt"][1]["content"].endswith("\n\nIn steps.")
    assert [message["role"] for message in row["completion"]] == ["assistant"]
    shown = ratchet("export", "step_labels")
    assert shown.exit_code == 1
    assert "models/base is not here" in shown.stderr

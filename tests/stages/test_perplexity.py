"""Perplexity under a fixed model: which texts are measured, and the number itself."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas import store
from schemas.paths import Paths
from schemas.perplexities import Perplexities
from stages.compute.compute_settings import ComputeSettings
from stages.models.folders import mark_empty
from stages.perplexity import PerplexitySettings, choose_texts, perplexity
from stages.pipeline.stage_run import StageRun
from tests.fakes.small_settings import scratch_settings

STEPS = ["3+4=7\n", "The answer is 7\n"]


def settings(**changes: object) -> PerplexitySettings:
    values = {"reference": "sft", "max_texts": 100, "batch_size": 3, "max_length": 256}
    return PerplexitySettings.model_validate(values | changes)


@pytest.fixture(scope="module")
def paths(problems: pl.DataFrame) -> pl.DataFrame:
    """A right path for each of ten problems, a wrong one and a duplicate for some of them."""
    rows = []
    train = problems.filter(pl.col("split") == "train").sort("problem_id")
    for number, name in enumerate(train["problem_id"].head(10)):
        for kind in ("right", "wrong", "twin")[: 1 + number % 3]:
            rows.append({
                "path_id": f"{kind}-{number}", "problem_id": name, "sample_ids": ["s"],
                "made_in": 1,
                "steps": STEPS * (1 + number % 4), "fingerprint": kind, "correct": kind != "wrong",
                "kept": kind != "twin", "duplicate_of": "right" if kind == "twin" else None,
            })  # fmt: skip
    schema = Paths.polars_schema()
    return pl.DataFrame([{n: row.get(n) for n in schema} for row in rows], schema=schema)


def measured(
    problems: pl.DataFrame, paths: pl.DataFrame, model: Path, **changes: object
) -> pl.DataFrame:
    made = perplexity(
        problems=problems,
        paths=paths,
        base=model,
        first=model,
        perplexity=settings(**changes),
        model=scratch_settings(),
        compute=ComputeSettings(threads=1),
        stage_run=StageRun(1, 0),
    )
    return store.validate(made.with_columns(iteration=pl.lit(1)), Perplexities, "test")


def test_right_kept_paths_and_gold_of_asked_problems_are_measured(
    problems: pl.DataFrame, paths: pl.DataFrame
) -> None:
    texts = choose_texts(problems, paths, 100)
    asked = {f"right-{n}" for n in range(10)}
    assert {*texts.filter(origin="sampled")["text_id"]} == asked
    assert {*texts.filter(origin="gold")["text_id"]} == {*paths["problem_id"]}
    told = texts.filter(text_id="right-1").row(0, named=True)
    assert told["text"] == "".join(STEPS * 2)


def test_no_more_texts_than_asked_and_always_the_same(
    problems: pl.DataFrame, paths: pl.DataFrame
) -> None:
    few = choose_texts(problems, paths, 4)
    shuffled = choose_texts(problems.reverse(), paths.reverse(), 4)
    assert few["origin"].to_list() == ["gold"] * 4 + ["sampled"] * 4
    assert few.equals(shuffled)
    assert few["problem_id"].head(4).to_list() != sorted(paths["problem_id"].unique())[:4]


def test_only_problems_are_shuffled_by_a_digest_of_their_own(
    problems: pl.DataFrame, paths: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path's id is one: of half a million paths there is no Python a path."""
    digested: list[str] = []
    monkeypatch.setattr("stages.perplexity.digest", lambda *parts: digested.append(parts[-1]) or "")
    many = pl.concat([
        paths.filter("kept", "correct").with_columns(path_id=pl.format("{}-{}", "path_id", number))
        for number in map(pl.lit, range(20))
    ])  # fmt: skip
    assert choose_texts(problems, many, 5)["origin"].to_list() == ["gold"] * 5 + ["sampled"] * 5
    assert sorted(digested) == sorted(many["problem_id"].unique())


def test_a_problem_without_a_rationale_has_no_gold_text(
    problems: pl.DataFrame, paths: pl.DataFrame
) -> None:
    bare = problems.with_columns(rationale=pl.lit([], pl.List(pl.String)))
    assert {*choose_texts(bare, paths, 100)["origin"]} == {"sampled"}


def plain(folder: Path, prompt: str, text: str) -> tuple[int, float]:
    """One text at a time, token by token."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder).eval()
    coded = tokenizer(prompt + text, add_special_tokens=False, return_offsets_mapping=True)
    starts = [start for start, _ in coded["offset_mapping"]]
    ids = [tokenizer.bos_token_id, *coded["input_ids"]]
    with torch.no_grad():
        chances = torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)
    own = [at for at, start in enumerate(starts, 1) if start >= len(prompt)]
    return len(own), -sum(chances[at - 1, ids[at]].item() for at in own) / len(own)


def test_the_mean_is_that_of_each_text_alone(
    problems: pl.DataFrame, paths: pl.DataFrame, checkpoint: Path
) -> None:
    found = measured(problems, paths, checkpoint)
    assert found.height == 20
    texts = choose_texts(problems, paths, 100)
    for row in texts.join(found, on="text_id").to_dicts():
        wanted = plain(checkpoint, row["prompt"], row["text"])
        assert (row["n_tokens"], row["nll_mean"]) == pytest.approx(wanted, abs=1e-4)
    again = measured(problems, paths, checkpoint)
    assert again.equals(found)


def test_a_prompt_that_leaves_no_room_is_left_out(
    problems: pl.DataFrame, paths: pl.DataFrame, checkpoint: Path
) -> None:
    assert measured(problems, paths, checkpoint, max_length=8).is_empty()


@pytest.mark.parametrize("reference", ["none", "sft", "base"])
def test_without_a_reference_or_a_model_there_are_no_rows(
    problems: pl.DataFrame, paths: pl.DataFrame, tmp_path: Path, reference: str
) -> None:
    mark_empty(tmp_path, "no model")
    assert measured(problems, paths, tmp_path, reference=reference).is_empty()
    assert measured(problems, paths.clear(), tmp_path, reference=reference).is_empty()

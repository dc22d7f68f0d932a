"""`ratchet export model`: others get the run's answers, and know what they have."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from schemas import views
from stages.compute.compute_settings import ComputeSettings, set_up
from stages.explore.export.lm_eval_tasks import grade_reply, read_suite
from stages.tasks import prompts
from tests.fakes.command_line import one, ratchet
from tests.fakes.hub import serving_hub

MAX_TOKENS = 40
GRADE = {
    "workers": 1,
    "timeout_s": 5.0,
    "memory_mb": 1024,
    "sandbox": "bubblewrap",
    "extract": "stated",
}


@pytest.fixture(scope="module")
def run_with_models(
    planted: Path, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A planted run as the current folder; its last model and verifier are the tiny checkpoint."""
    folder = tmp_path_factory.mktemp("models") / "run"
    shutil.copytree(planted, folder)
    for name in ("iteration=2", "verifier/iteration=2"):
        shutil.copytree(checkpoint, folder / "models" / name)
    (folder / "models/iteration=2/adapter").mkdir()
    adapter = {"base_model_name_or_path": "models/base"}
    (folder / "models/iteration=2/adapter/adapter_config.json").write_text(json.dumps(adapter))
    (folder / "models/iteration=1").mkdir()
    (folder / "models/iteration=1/NO_MODEL").write_text("nothing is trained\n")
    params = yaml.safe_load((folder / "params.yaml").read_text())
    problems = folder / "data/problems/part.parquet"
    bare = pl.col("question") + "\n"  # as the toy asks
    pl.read_parquet(problems).with_columns(prompt=bare).write_parquet(problems)
    params |= {
        "task": {"name": "datasets", "train": {"gsm8k": "openai/gsm8k:main"}},
        "model": {"prompt": "plain", "source": "me/tiny"},
        "evaluate": {"max_tokens": MAX_TOKENS},
        "grade": GRADE,
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shown = ratchet("export", "model", "--lm-eval")
        assert shown.exit_code == 0, shown.output
        assert ratchet("export", "verifier").exit_code == 0
        yield folder


@pytest.fixture
def asked(problems: pl.DataFrame) -> pl.DataFrame:
    return problems.filter(pl.col("split") == "test").head(10)


def test_the_pipeline_answers_ten_questions_as_evaluation_does(
    run_with_models: Path, asked: pl.DataFrame
) -> None:
    from transformers import pipeline

    from stages.engines.decoder.transformers_engine import TransformersEngine
    from stages.engines.engine import Request
    from stages.models.sampling import Sampling

    compute = ComputeSettings.model_validate({"threads": 1, "ray": None, "launch": None})
    engine = TransformersEngine(Path("models/iteration=2"), 8, set_up(compute, 0))
    requests = [Request(prompt, 0, 0) for prompt in asked["prompt"]]
    own = [c.text for c in engine.complete(requests, Sampling(0.0, 1.0, MAX_TOKENS))]
    ask = pipeline("text-generation", model="exports/model-2")
    # by the question alone, and by the whole prompt without its last line end
    for said in (asked["question"], asked["prompt"].str.strip_chars_end()):
        chats = [[{"role": "user", "content": text}] for text in said]
        answers = [ask(chat, return_full_text=False)[0]["generated_text"] for chat in chats]
        assert answers == own


def test_the_card(run_with_models: Path) -> None:
    from huggingface_hub import ModelCard

    with serving_hub():
        card = ModelCard.load("exports/model-2/README.md")
        card.validate()
    data = card.data
    assert (data.pipeline_tag, data.base_model, data.datasets) == (
        "text-generation",
        "me/tiny",
        ["openai/gsm8k"],
    )
    query = "select avg(correct::int) from evaluations where iteration = 2 and mode = 'greedy'"
    accuracy = one(views.connect(), query)
    (result, *_) = data.eval_results
    assert result.metric_value == pytest.approx(accuracy, abs=1e-6)
    assert f"{accuracy:.1%}" in card.text
    for fact in ("sipf", "params.yaml", "Commit:", "openai/gsm8k", "mit"):
        assert fact in card.text


def test_the_verifiers_card(run_with_models: Path) -> None:
    text = Path("exports/verifier-2/README.md").read_text()
    assert "token-classification" in text and "sigmoid" in text
    assert "| 3 |" in text  # accuracy by level
    assert not Path("exports/verifier-2/chat_template.jinja").exists()


def test_an_adapter_names_the_hubs_base(run_with_models: Path) -> None:
    config = json.loads(Path("exports/model-2/adapter/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "me/tiny"


def test_it_answers_greedily_and_at_length(run_with_models: Path) -> None:
    generation = json.loads(Path("exports/model-2/generation_config.json").read_text())
    assert generation["do_sample"] is False
    assert generation["max_new_tokens"] == MAX_TOKENS


def test_a_model_is_pushed_as_one(run_with_models: Path) -> None:
    with serving_hub() as hub:
        shown = ratchet("export", "model", "--push", "me/model", "--public")
    assert shown.exit_code == 0, shown.output
    repository = hub.repositories["me/model"]
    assert (repository.kind, repository.private) == ("model", False)
    assert {"config.json", "model.safetensors", "README.md"} <= repository.files.keys()


def test_suites_as_tasks(run_with_models: Path) -> None:
    folder = Path("exports/model-2/lm_eval")
    text = (folder / "ratchet_toy.yaml").read_text()
    task = yaml.safe_load(text.replace("!function ", ""))
    assert task["generation_kwargs"]["max_gen_toks"] == MAX_TOKENS
    rows = read_suite(folder / "ratchet_toy.jsonl")["test"]
    query = "select count(*) from problems where split = 'test'"
    assert len(rows) == one(views.connect(), query)
    assert all(row["prompt"].startswith("Ann has") for row in rows)


@pytest.mark.parametrize(("wrong", "accuracy"), [(False, 1.0), (True, 0.0)])
def test_a_tasks_functions(run_with_models: Path, wrong: bool, accuracy: float) -> None:
    folder = Path("exports/model-2/lm_eval").resolve()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setattr(sys, "dont_write_bytecode", True)
        functions: Any = __import__("ratchet_suite")
    doc = functions.rows("ratchet_toy")["test"][0]
    reply = f"#### {doc['answer']}{9 * wrong or ''}\n\nQuestion: what next?\n#### 77"
    assert functions.process_results(doc, [reply]) == {"acc": accuracy}


def test_replies_are_cut_where_evaluation_cuts_them() -> None:
    problem = {"kind": "math", "answer": "5", "options": None, "tests": None, "given": ""}
    assert grade_reply(GRADE, problem, f"#### 5\n\n{prompts.math('x')}#### 6")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["model", "7"], "models/iteration=7 is missing (there are: iteration=1, iteration=2)"),
        (["model", "1"], "models/iteration=1 has no model"),
        (["verifier", "1"], "models/verifier/iteration=1 is missing"),
        (["model", "--rev", "main"], "`dvc exp apply main` first"),
        (["model", "--out", "data"], "--out data holds other files"),
        (["verifier", "--lm-eval"], "--lm-eval goes alone, or with model"),
    ],
)
def test_errors_are_one_line(run_with_models: Path, words: list[str], reason: str) -> None:
    shown = ratchet("export", *words)
    assert shown.exit_code == 1
    assert reason in shown.stderr and shown.stderr.count("\n") == 1

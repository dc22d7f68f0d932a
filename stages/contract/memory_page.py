"""docs/memory.md: what the models of conf/model take under the recipe of their paper."""

import yaml

from stages.compute.compute_settings import LaunchSettings
from stages.contract.dvc_files import params
from stages.contract.parsed_parameters import Parameters, parse_parameters
from stages.contract.tables_page import WRITTEN, grid
from stages.planning.machines import Machine, named_machine
from stages.planning.measured import Measured
from stages.planning.memory_split import GIB, Memory
from stages.planning.plan import make_plan, new_run, peak
from stages.planning.planned_run import StagePlan
from stages.planning.shapes import count_parameters

GPU, MANY, FSDP = "h100-80gb", 8, "conf/accelerate/fsdp.yaml"
# model, recipe, task: of its paper where it has one, else the recipe that suits its size
RUNS = (
    ("tinyllama-1.1b", "sipf", "gsm8k"),
    ("phi-1.5", "sipf", "gsm8k"),
    ("gemma-2b", "sipf", "gsm8k"),
    ("deepseek-math-7b", "si", "gsi_cot"),
    ("deepseek-math-7b-instruct", "sipf", "gsm8k"),
    ("deepseek-math-7b-rl", "sipf", "gsm8k"),
    ("deepseek-coder-6.7b-instruct", "sipf", "mbpp"),
    ("deepseek-coder-1.3b", "sipf", "mbpp"),
    ("llama-2-7b", "si", "gsi_cot"),
    ("llama-3-8b", "gsi_state_reset", "gsi_cot"),
    ("mistral-7b-v0.3", "si", "gsi_cot"),
    ("codellama-13b", "si", "gsi_pot"),
    ("llama-3.1-8b-instruct", "step_kto", "numina"),
    ("llama-3.1-70b-instruct", "step_kto", "numina"),
    ("llama-3.3-70b-instruct", "step_kto", "numina"),
    ("qwen2.5-0.5b", "sipf", "gsm8k"),
    ("qwen2.5-0.5b-instruct", "rft", "gsm8k"),
    ("qwen2.5-1.5b", "sipf", "gsm8k"),
    ("qwen2.5-1.5b-instruct", "rft", "gsm8k"),
    ("qwen2.5-math-1.5b", "step_kto", "math"),
    ("qwen3-0.6b", "sipf", "gsm8k"),
    ("smollm2-135m", "sipf", "gsm8k"),
    ("smollm2-360m", "sipf", "gsm8k"),
    ("smollm2-1.7b-instruct", "rft", "gsm8k"),
    ("gemma-3-270m", "sipf", "gsm8k"),
    ("gemma-3-1b", "sipf", "gsm8k"),
)
HEAD = """# Models and memory

What `ratchet plan` says of each model in `conf/model`, with the recipe of its paper where it has
one: the highest peak among the stages that train or read, in GiB of one GPU, with rows as long as
max_length allows. vLLM samples; it takes its share of the GPU (engine.gpu_memory) whatever the
model is. Nothing here was measured on a GPU. On processors, plans of Llamas of
30 and 130 million parameters were within 20% of what was measured; reading prompts with the toy's
tiny model is planned 1.4 times too high. `python -m tests.bench.memory` repeats that.

- 1 × 80 GB: as the file has it. 8 × 80 GB: with `compute=fsdp` on eight GPUs, and vLLM split over
  them. The stages perplexity and score use one GPU in any case.
- "fits": the plan is below the GPU's memory. "tight": it is above, but not for sure: lower the
  batch size (and raise trainer.accumulate) or max_length. "refused": weights, gradients, moments
  and reference alone are too many, so the stage `check` stops the run; adapters
  (`model.adapter`) or a split of the model are the way out.
"""


def memory_page() -> str:
    """The page."""
    return "\n".join([WRITTEN.format("conf/model/"), HEAD, memory_table()])


def memory_table() -> str:
    """A row for each model, in Markdown."""
    heads = ("model", "parameters", "recipe", "task", "1 × 80 GB", "8 × 80 GB")
    return grid(heads, [_row(*run) for run in RUNS])


def _row(model: str, recipe: str, task: str) -> tuple[str, ...]:
    overrides = (f"recipe={recipe}", f"task={task}", f"model={model}", "engine=vllm")
    p = parse_parameters(yaml.safe_load(params(*overrides)))
    size = f"{count_parameters(p.model.shape) / 1e9:.2f} B"
    return model, size, recipe, task, _cell(p, named_machine(GPU, 1)), _cell_of_many(p)


def _cell_of_many(p: Parameters) -> str:
    """The same with `compute=fsdp`, and vLLM split over all GPUs."""
    launch = LaunchSettings(config=FSDP, processes=MANY)
    p.compute = p.compute.model_copy(update={"launch": launch})
    p.engine = p.engine.model_copy(update={"tensor_parallel": MANY})
    return _cell(p, named_machine(GPU, MANY))


def _cell(p: Parameters, machine: Machine) -> str:
    plans = make_plan(new_run(p, machine, Measured(1000, 1000, 1000)))
    worst = peak([plan for plan in plans if plan.memory and not _by_vllm(plan)])
    assert worst.memory is not None
    sure = max(plan.memory.certain for plan in plans if plan.memory)
    verdict = _verdict(worst.memory, sure, machine, plans)
    return f"{worst.memory.total / GIB:.0f} ({worst.stage}): {verdict}"


def _by_vllm(plan: StagePlan) -> bool:
    return plan.remedies[:1] == ("engine.gpu_memory",)


def _verdict(memory: Memory, sure: float, machine: Machine, plans: list[StagePlan]) -> str:
    no_cache = any(p.memory and _by_vllm(p) and p.memory.kv_cache == 0 for p in plans)
    if sure > machine.memory or no_cache:
        return "refused"
    return "fits" if memory.total <= machine.memory else "tight"

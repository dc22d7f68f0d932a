"""How much there is to do: from the run's own tables if they are there, else from settings."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Any

from schemas import store
from schemas.problems import Problems
from schemas.samples import Samples
from stages.models.tokens import Encoder
from stages.planning.recorded_run import recorded_section
from stages.planning.shapes import BASE, CONFIG

if TYPE_CHECKING:
    import polars as pl

PROMPT_TOKENS = 256  # assumed until a run has read the problems
STEPS = 6  # of a solution, assumed until the problems' rationales are there
CHARACTERS = 3.0  # of a token, at least, in English and mathematics
MEASURED_PROMPTS = 32
# (to train on, to test) of public sets, as the papers count them: SIPF §3.1, GSI Table 4, Step-KTO
# §3.1; a set that is not here has as many problems as task.n_train and n_test say
PUBLIC = {
    "openai/gsm8k": (7473, 1319),
    "google-research-datasets/mbpp": (2244, 3000),
    "cais/mmlu": (0, 354),
    "openai/openai_humaneval": (0, 164),
    "DigitalLearningGmbH/MATH-lighteval": (7500, 5000),
    "HuggingFaceH4/MATH-500": (0, 500),
    "math-ai/amc23": (0, 40),
    "HuggingFaceH4/aime_2024": (0, 30),
}


@dataclass(frozen=True)
class Measured:
    """Counts of problems (None: unknown) and lengths of texts in tokens."""

    n_sampled: int | None  # training problems that sample draws for
    n_demonstrated: int | None  # those with a rationale for M0
    n_test: int | None
    n_steps: float = STEPS
    prompt_tokens: int = PROMPT_TOKENS  # the longest prompt
    mean_prompt: float = PROMPT_TOKENS / 2
    answer_tokens: float | None = None  # the mean of a completion
    longest: int | None = None  # tokens of the longest prompt and completion together
    from_tables: bool = False


def measure_work(p: Any, values: dict[str, Any]) -> Measured:
    """From data/ if the task there is this one, else from the settings of the task."""
    if store.folder(Problems).exists() and _is_recorded("task", values):
        return _from_tables(p, _is_recorded("model", values))
    n_train, n_demonstrated, n_test = task_counts(values["task"])
    pool = n_train
    if n_train is not None and n_demonstrated is not None and p.sample.pool == "all":
        pool = n_train + (n_demonstrated if values["task"]["name"] != "datasets" else 0)
    return Measured(pool, n_demonstrated, n_test)


def _is_recorded(section: str, values: dict[str, Any]) -> bool:
    """Whether the run in data/ has these values of a section."""
    return bool(recorded_section(section) == values[section])


def _from_tables(p: Any, same_model: bool) -> Measured:
    import polars as pl

    problems = store.read(Problems)
    train = problems.filter(pl.col("split") == "train")
    sampled = train if p.sample.pool == "all" else train.filter(~pl.col("demonstrated"))
    steps = train.filter(pl.col("rationale").list.len() > 0)["rationale"].list.len().mean()
    longest_prompt, mean_prompt = _prompt_lengths(problems["prompt"].to_list(), same_model)
    samples, answers, longest = _samples(), None, None
    if samples is not None and not samples.is_empty():
        answers = float(samples["n_tokens"].mean())  # type: ignore[arg-type]
        longest = longest_prompt + int(samples["n_tokens"].max())  # type: ignore[arg-type]
    return Measured(
        len(sampled),
        int(train["demonstrated"].sum()),
        len(problems) - len(train),
        n_steps=float(steps) if isinstance(steps, float) else STEPS,
        prompt_tokens=longest_prompt,
        mean_prompt=mean_prompt,
        answer_tokens=answers,
        longest=longest,
        from_tables=True,
    )


def _prompt_lengths(prompts: list[str], same_model: bool) -> tuple[int, float]:
    """(tokens of the longest prompt, of a mean one), in the base's form if its folder is there."""
    if not prompts:
        return PROMPT_TOKENS, PROMPT_TOKENS / 2
    by_length = sorted(prompts, key=len)
    spread = by_length[:: max(len(by_length) // MEASURED_PROMPTS, 1)]
    if not (same_model and (BASE / CONFIG).exists()):
        return int(len(by_length[-1]) / CHARACTERS) + 1, mean(map(len, spread)) / CHARACTERS
    encoder = Encoder.load(BASE)
    longest, means = (
        [len(encoder.encode_prompt(prompt)) for prompt in chosen]
        for chosen in (by_length[-MEASURED_PROMPTS:], spread)
    )
    return max(longest), mean(means)


def _samples() -> pl.DataFrame | None:
    import polars as pl

    files = sorted(store.folder(Samples).rglob("*.parquet"))
    return pl.read_parquet(files, columns=["n_tokens"]) if files else None


def task_counts(task: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    """(problems to draw for, demonstrated, to test) of section `task`; None: not known."""
    if task["name"] != "datasets":
        levels = task.get("levels", 1)
        suites = sum(
            (s["n_test"] or 0) * (s.get("levels") or levels)
            for s in task.get("suites", {}).values()
        )
        counts = (task.get(name) for name in ("n_train", "n_demonstrated", "n_test"))
        n_train, n_demonstrated, n_test = ((n or 0) * levels for n in counts)
        return n_train, n_demonstrated, n_test + suites
    train = _sum_sets(task["train"], 0, task["n_train"])
    return train, train, _sum_sets(task["test"], 1, task["n_test"])


def _sum_sets(sets: dict[str, Any], index: int, limit: int | None) -> int | None:
    """Problems of all sets, each at most `limit`; None if a set's size is not known."""
    sizes = []
    for given in sets.values():
        source = given["source"] if isinstance(given, dict) else given
        known = PUBLIC.get(str(source).split(":")[0].split("@")[0], (None, None))[index]
        sizes.append(limit if known is None else min(known, limit or known))
    return None if None in sizes else sum(size for size in sizes if size is not None)

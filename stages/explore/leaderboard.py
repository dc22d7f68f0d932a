"""`ratchet leaderboard`: accuracy by method and iteration, of the runs here and in experiments."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from statistics import mean, stdev
from typing import Any

from schemas.errors import RatchetError
from stages.explore import experiments
from stages.results import terminal
from stages.results.fitting_table import FittingTable

IGNORED_SECTIONS = ("run", "seed", "iteration", "compute", "report")
"""Parameters in which the runs of one method may differ."""
LAST_ITERATION_NOTE = (
    "stated and flexible (accuracy, where they differ), pass@k (over all draws), flawed, coverage "
    "and training rows: last iteration; "
    "draws, tokens and seconds: all iterations"
)


@dataclass(frozen=True)
class Result:
    """How one run did in one iteration, suite and mode; counts are of that iteration.

    low and high bound the accuracy's 95% interval; pass_at is Pass@k over all draws, in mode vote.
    stated and flexible: accuracy by the stated answers, and by the last ones where none is stated,
    in mode greedy; n_differ answers are judged differently.
    settings: the parameters, except seeds, in which runs of this recipe, task and model differ.
    """

    recipe: str
    settings: str
    task: str
    model: str
    iteration: int
    seed: int
    suite: str
    mode: str
    n: int
    accuracy: float
    low: float | None
    high: float | None
    pass_at: float | None
    flawed: float | None
    stated: float | None
    flexible: float | None
    n_differ: int | None
    coverage: float | None
    draws: int
    training_rows: int
    tokens: int
    elapsed_s: float

    @property
    def method(self) -> tuple[str, str, str]:
        """Runs that share it are compared with each other."""
        return self.recipe, self.task, self.model

    @property
    def identity(self) -> tuple[Any, ...]:
        """All fields except the time: a run that is found twice may differ in that alone."""
        return tuple(value for name, value in asdict(self).items() if name != "elapsed_s")


def show(as_json: bool, suite: str | None, mode: str | None) -> None:
    """Prints the results. Raises RatchetError if there are none, or none that fit."""
    results = collect()
    if not results:
        raise RatchetError(
            "no metrics.json with evaluations, here or in experiments: run `make run`"
        )
    chosen = [r for r in results if suite in (None, r.suite) and mode in (None, r.mode)]
    if not chosen:
        known = ", ".join(sorted({f"{r.suite} {r.mode}" for r in results}))
        raise RatchetError(f"no result fits --suite and --mode: there are {known}")
    if as_json:
        print(json.dumps([asdict(result) for result in chosen], indent=2))
        return
    console = terminal.console()
    for (of_suite, of_mode), group in groupby(chosen, lambda r: (r.suite, r.mode)):
        console.print(leaderboard_table(list(group), f"{of_suite}, {of_mode}"))
    if not terminal.results_only():
        console.print("flawed: share of right answers with an unsound step", style="dim")
        console.print(LAST_ITERATION_NOTE, style="dim")


def collect() -> list[Result]:
    """Every run's results, each once; a malformed file is named on stderr and skipped."""
    runs: list[tuple[list[Result], dict[str, Any]]] = []
    for location, metrics, parameters in experiments.read_runs():
        try:
            runs.append((list(run_results(metrics)), parameters))
        except (AttributeError, KeyError, TypeError, ValueError):
            terminal.note(f"{location} is not a run's metrics.json: skipped")
    results: dict[tuple[Any, ...], Result] = {}
    for own_results, settings in runs_with_settings([run for run in runs if run[0]]):
        for result in own_results:
            labelled = replace(result, settings=settings)
            results.setdefault(labelled.identity, labelled)
    return sorted(results.values(), key=_sort_key)


def runs_with_settings(
    runs: list[tuple[list[Result], dict[str, Any]]],
) -> Iterator[tuple[list[Result], str]]:
    """Yields each run with the parameters in which the runs of its method differ."""
    methods: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for results, parameters in runs:
        methods.setdefault(results[0].method, []).append(parameters)
    for results, parameters in runs:
        others = [other for other in methods[results[0].method] if other]
        differ = [
            f"{name}={value}"
            for name, value in parameters.items()
            if name.split(".")[0] not in IGNORED_SECTIONS
            and any(name in other and other[name] != value for other in others)
        ]
        yield results, ", ".join(differ)


def _sort_key(result: Result) -> tuple[Any, ...]:
    names = (result.suite, result.mode, result.task, result.model, result.recipe, result.settings)
    return (*names, result.seed, result.iteration)


def run_results(metrics: dict[str, Any]) -> Iterator[Result]:
    """The results in one metrics.json, without `settings`."""
    run = metrics["run"]
    for iteration, values in metrics["iterations"].items():
        for suite, modes in values["suites"].items():
            for mode, measured in modes.items():
                yield Result(
                    recipe=str(run["recipe"]),
                    settings="",
                    task=str(run["task"]),
                    model=str(run["model"]),
                    iteration=int(iteration),
                    seed=int(run["seed"]),
                    suite=suite,
                    mode=mode,
                    n=int(measured["n"]),
                    accuracy=float(measured["accuracy"]),
                    low=measured.get("low"),
                    high=measured.get("high"),
                    pass_at=_largest_k_pass_at(measured.get("pass_at")),
                    flawed=measured.get("flawed"),
                    stated=measured.get("accuracy_stated"),
                    flexible=measured.get("accuracy_flexible"),
                    n_differ=measured.get("n_differ"),
                    coverage=values["coverage"],
                    draws=int(values["draws"]),
                    training_rows=int(values["training_rows"]),
                    tokens=int(values["tokens"]),
                    elapsed_s=float(values["elapsed_s"]),
                )


def _largest_k_pass_at(pass_at: dict[str, dict[str, float]] | None) -> float | None:
    """Pass@k of the largest k."""
    return float(pass_at[max(pass_at, key=int)]["mean"]) if pass_at else None


def leaderboard_table(results: list[Result], title: str) -> FittingTable:
    """A row for each method and its settings, the best first; a column for each iteration."""
    methods: dict[tuple[str, str, str, str], dict[int, list[Result]]] = {}
    for result in results:
        task, model = result.task, result.model
        own_results = methods.setdefault((result.recipe, result.settings, task, model), {})
        own_results.setdefault(result.iteration, []).append(result)
    iterations = sorted({result.iteration for result in results})
    ranked = sorted(methods.items(), key=lambda item: (item[0][2:], -_last_accuracy(item[1])))
    rows = [
        (
            *method,
            *(accuracy_text(by_iteration.get(i, [])) for i in iterations),
            *summary_cells(by_iteration),
        )
        for method, by_iteration in ranked
    ]
    iteration_heads = [f"iteration {i}" for i in iterations]
    more = [
        "stated",
        "flexible",
        "differ",
        "pass@k",
        "flawed",
        "coverage",
        "training rows",
        "draws",
        "tokens",
        "seconds",
    ]
    heads = ["recipe", "settings", "task", "model", *iteration_heads, *more]
    return terminal.filled_columns_table(heads, rows, title)


def accuracy_text(results: Sequence[Result]) -> str:
    """Mean ± sample standard deviation (%) and the number of seeds; of one run, its interval."""
    if not results:
        return terminal.percent(None)
    if len(results) == 1:
        low, high = results[0].low, results[0].high
        ends = "" if low is None or high is None else f" [{100 * low:.1f}, {100 * high:.1f}]"
        return f"{terminal.percent(results[0].accuracy)}{ends}"
    values = [result.accuracy for result in results]
    n_seeds = len({result.seed for result in results})
    runs = "" if n_seeds == len(results) else f"{len(results)} runs, "
    seeds = f"{n_seeds} seed{'s' if n_seeds > 1 else ''}"
    return f"{terminal.percent(mean(values))} ± {100 * stdev(values):.1f} ({runs}{seeds})"


def summary_cells(iteration_results: dict[int, list[Result]]) -> list[str | None]:
    """Of the last iteration both accuracies, if they differ, pass@k, flawed, coverage and rows.

    Then draws, tokens and seconds of all iterations. Each is a mean over runs.
    """
    last = iteration_results[max(iteration_results)]
    covered = [result.coverage for result in last if result.coverage is not None]
    flawed = [result.flawed for result in last if result.flawed is not None]
    pass_at = [result.pass_at for result in last if result.pass_at is not None]
    differing = [result for result in last if result.n_differ]
    return [
        *_both_accuracies(last if differing else []),
        terminal.percent(mean(pass_at) if pass_at else None),
        terminal.percent(mean(flawed) if flawed else None),
        terminal.percent(mean(covered) if covered else None),
        f"{mean(result.training_rows for result in last):,.0f}",
        f"{sum(mean(r.draws for r in results) for results in iteration_results.values()):,.0f}",
        f"{sum(mean(r.tokens for r in results) for results in iteration_results.values()):,.0f}",
        f"{sum(mean(r.elapsed_s for r in results) for results in iteration_results.values()):,.0f}",
    ]


def _both_accuracies(results: list[Result]) -> list[str | None]:
    """Accuracy by stated and by flexible answers, and how many answers differ; Nones if none do."""
    known = [r for r in results if r.stated is not None and r.flexible is not None]
    if not known:
        return [None, None, None]
    return [
        terminal.percent(mean(result.stated or 0.0 for result in known)),
        terminal.percent(mean(result.flexible or 0.0 for result in known)),
        f"{mean(result.n_differ or 0 for result in known):,.0f}",
    ]


def _last_accuracy(iteration_results: dict[int, list[Result]]) -> float:
    return mean(result.accuracy for result in iteration_results[max(iteration_results)])

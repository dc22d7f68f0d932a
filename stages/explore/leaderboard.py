"""`ratchet leaderboard`: accuracy by method and iteration, here and in every experiment."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from statistics import mean, stdev
from typing import Any

from rich.table import Table

from schemas.table import RatchetError
from stages.explore import experiments, terminal

OF_THE_LAST = (
    "pass@k (of all draws), flawed, coverage, rows: of the last iteration; the rest: of all"
)


@dataclass(frozen=True)
class Result:
    """How one run did in one iteration, suite and mode; counts are of that iteration.

    low and high bound the accuracy's 95% interval; pass_at is Pass@k of all draws, of mode vote.
    """

    recipe: str
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
    coverage: float | None
    draws: int
    training_rows: int
    tokens: int
    elapsed_s: float

    @property
    def identity(self) -> tuple[Any, ...]:
        """All but the time taken: the same run met twice measures the same but for that."""
        return tuple(value for name, value in asdict(self).items() if name != "elapsed_s")


def show(as_json: bool, suite: str | None, mode: str | None) -> None:
    """Prints the results. Raises RatchetError when there is none, or none fits."""
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
        console.print(board(list(group), f"{of_suite}, {of_mode}"))
    if not terminal.results_only():
        console.print("flawed: right answers with an unsound step", style="dim")
        console.print(OF_THE_LAST, style="dim")


def collect() -> list[Result]:
    """Every run's results, each once; a file of another form is named on stderr and left out."""
    results: dict[tuple[Any, ...], Result] = {}
    for where, metrics in experiments.found():
        try:
            for row in list(of_run(metrics)):
                results.setdefault(row.identity, row)
        except (AttributeError, KeyError, TypeError, ValueError):
            terminal.note(f"{where} is not the metrics of a run: left out")
    return sorted(results.values(), key=_order)


def _order(result: Result) -> tuple[Any, ...]:
    names = (result.suite, result.mode, result.task, result.model, result.recipe)
    return (*names, result.seed, result.iteration)


def of_run(metrics: dict[str, Any]) -> Iterator[Result]:
    """The results in one metrics.json."""
    run = metrics["run"]
    for iteration, values in metrics["iterations"].items():
        for suite, modes in values["suites"].items():
            for mode, measured in modes.items():
                yield Result(
                    recipe=str(run["recipe"]),
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
                    pass_at=_most(measured.get("pass_at")),
                    flawed=measured.get("flawed"),
                    coverage=values["coverage"],
                    draws=int(values["draws"]),
                    training_rows=int(values["training_rows"]),
                    tokens=int(values["tokens"]),
                    elapsed_s=float(values["elapsed_s"]),
                )


def _most(passed: dict[str, dict[str, float]] | None) -> float | None:
    """Pass@k of the largest k."""
    return float(passed[max(passed, key=int)]["mean"]) if passed else None


def board(results: list[Result], title: str) -> Table:
    """A row for each recipe, task and model, the best at the top; a column for each iteration."""
    methods: dict[tuple[str, str, str], dict[int, list[Result]]] = {}
    for result in results:
        turns = methods.setdefault((result.recipe, result.task, result.model), {})
        turns.setdefault(result.iteration, []).append(result)
    iterations = sorted({result.iteration for result in results})
    ranked = sorted(methods.items(), key=lambda item: (item[0][1:], -_last_accuracy(item[1])))
    rows = [
        (*method, *(accuracy(turns.get(i, [])) for i in iterations), *sums(turns))
        for method, turns in ranked
    ]
    turns_of = [f"iteration {i}" for i in iterations]
    more = ["pass@k", "flawed", "coverage", "training rows", "draws", "tokens", "seconds"]
    return terminal.table(["recipe", "task", "model", *turns_of, *more], rows, title)


def accuracy(results: Sequence[Result]) -> str:
    """Mean ± sample standard deviation, in percent, and over how many seeds; or an interval."""
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


def sums(turns: dict[int, list[Result]]) -> list[str]:
    """Pass@k, flawed, coverage and rows of the last iteration; draws, tokens, seconds of all.

    Each is a mean over seeds.
    """
    last = turns[max(turns)]
    covered = [result.coverage for result in last if result.coverage is not None]
    flawed = [result.flawed for result in last if result.flawed is not None]
    passed = [result.pass_at for result in last if result.pass_at is not None]
    return [
        terminal.percent(mean(passed) if passed else None),
        terminal.percent(mean(flawed) if flawed else None),
        terminal.percent(mean(covered) if covered else None),
        f"{mean(result.training_rows for result in last):,.0f}",
        f"{sum(mean(r.draws for r in results) for results in turns.values()):,.0f}",
        f"{sum(mean(r.tokens for r in results) for results in turns.values()):,.0f}",
        f"{sum(mean(r.elapsed_s for r in results) for results in turns.values()):,.0f}",
    ]


def _last_accuracy(turns: dict[int, list[Result]]) -> float:
    return mean(result.accuracy for result in turns[max(turns)])

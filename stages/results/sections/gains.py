"""First question of a report: did it learn? M₀ beside the last model, and another run beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from stages.measures.intervals import Difference, paired_difference
from stages.results import queries
from stages.results.charts.figure import Figure
from stages.results.charts.lines import Point, Series, lines
from stages.results.queries import Source
from stages.results.run_facts import Run
from stages.results.sections.accuracy import p_value, points_of
from stages.results.sections.section import Grid, bounds, count, percent

GREEDY = {
    "suite": pl.String,
    "level": pl.Int64,
    "problem_id": pl.String,
    "family": pl.String,
    "correct": pl.Float64,
}
KEYS = ["suite", "problem_id", "family"]


class Ends(NamedTuple):
    """The first and the last evaluated iteration of a suite, in one mode."""

    suite: str
    mode: str
    first: int
    last: int
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Gap:
    """How far one model is ahead of another on the same problems of a suite, or of its level."""

    suite: str
    level: int | None
    found: Difference


def suite_ends(measured: dict[str, Any]) -> list[Ends]:
    """Every suite, those in the domain first; greedy where that was measured, else the vote."""
    seen: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    for iteration, values in measured["iterations"].items():
        for suite, modes in values["suites"].items():
            mode = "greedy" if "greedy" in modes else "vote"
            seen.setdefault((suite, mode), {})[int(iteration)] = modes[mode]
    ends = [Ends(*key, min(r), max(r), r[min(r)], r[max(r)]) for key, r in seen.items()]
    return sorted(ends, key=lambda end: (end.before["domain"] != "in", end.suite))


def learning_verdict(ends: Sequence[Ends]) -> str:
    """A sentence on whether accuracy rose, suite by suite."""
    if not ends:
        return "Not known: nothing was evaluated."
    gained = [end for end in ends if "gain" in end.after]
    if not gained:
        return "Not known: only one iteration was evaluated."
    words = {end.suite: direction(end.after["gain"]["low"], end.after["gain"]["high"])
             for end in gained}  # fmt: skip
    n_up, n_down = (list(words.values()).count(word) for word in (1, -1))
    head = "No clear change" if not n_up + n_down else "Yes" if not n_down else "Mixed"
    head = "No, it got worse" if n_down and not n_up else head
    texts = [f"{end.suite} {_change_text(end.after['gain'], words[end.suite])}" for end in gained]
    return f"{head}: {'; '.join(texts)}."


def direction(low: float, high: float) -> int:
    """1 if an interval is above zero, -1 if it is below, else 0."""
    return 1 if low > 0 else -1 if high < 0 else 0


def _change_text(gain: dict[str, float], word: int) -> str:
    size = f"{points_of(gain['mean']).lstrip('+')} points {bounds(gain['low'], gain['high'])}"
    return {1: f"rose by {size}", -1: f"fell, {size}", 0: f"shows no clear change, {size}"}[word]


def learning_grid(ends: Sequence[Ends], sql: str) -> Grid:
    """M₀ and the last model of each suite, and the difference on the same problems."""
    cells, rows = [], []
    for end in ends:
        gain = end.after.get("gain")
        cells.append([
            end.suite, _rate(end.before), _rate(end.after),
            f"{points_of(gain['mean'])} {bounds(gain['low'], gain['high'])}" if gain else "",
            p_value(gain["p"]) if gain else "", count(end.after["n"]),
        ])  # fmt: skip
        rows.append({
            "suite": end.suite, "mode": end.mode, "n": end.after["n"],
            "before": end.before["accuracy"], "after": end.after["accuracy"],
            **{f"gain_{name}": value for name, value in (gain or {}).items()},
        })  # fmt: skip
    models = [_model(ends[0].first), _model(ends[0].last)]
    heads = [f"{ends[0].mode} on", *models, "gain, points", "p", "n"]
    return Grid(heads, cells, Source(sql, rows))


def _model(iteration: int) -> str:
    return f"M{str(iteration).translate(str.maketrans('0123456789', '₀₁₂₃₄₅₆₇₈₉'))}"


def _rate(row: dict[str, Any]) -> str:
    return f"{percent(row['accuracy'])} {bounds(row['low'], row['high'])}"


def greedy_answers(run: Run, iteration: int) -> pl.DataFrame:
    """Each greedy answer of an iteration."""
    rows = queries.ask(run.connection, "greedy", iteration=iteration)
    return pl.DataFrame(rows, schema=GREEDY)


def gaps(ahead: pl.DataFrame, behind: pl.DataFrame, by_level: bool = False) -> list[Gap]:
    """How far the first answers are ahead of the second on the problems of both."""
    names = ["suite", "level"] if by_level else ["suite"]
    joined = ahead.join(behind, on=KEYS, suffix=" behind").sort(KEYS)
    groups = joined.partition_by(names, as_dict=True, maintain_order=True)
    found = [
        Gap(
            str(key[0]),
            int(key[1]) if by_level and key[1] is not None else None,
            paired_difference(
                own["correct"].to_numpy(), own["correct behind"].to_numpy(), own["family"].to_list()
            ),
        )
        for key, own in groups.items()
    ]
    return sorted(found, key=lambda gap: (gap.suite, gap.level is None, gap.level or 0))


def level_gain_figure(run: Run, ends: Sequence[Ends]) -> list[Figure]:
    """Where the gain is: the paired difference from M₀ at each level of the first suite."""
    greedy = [end for end in ends if end.mode == "greedy" and end.first != end.last]
    if not greedy:
        return []
    end = greedy[0]
    after, before = (greedy_answers(run, iteration) for iteration in (end.last, end.first))
    found = [g for g in gaps(after, before, by_level=True) if g.suite == end.suite]
    known = [gap for gap in found if gap.level is not None]
    if len(known) < 2:
        return []
    points = [
        Point(gap.level or 0, gap.found.mean, gap.found.low, gap.found.high, f"n {gap.found.n}")
        for gap in known
    ]
    series = [Series("gain", points, joined=False)]
    title = f"Gain over {_model(end.first)} by level, {end.suite}"
    return [lines(title, series, "level", "difference (% of problems)", percent=True)]


def beside(run: Run, other: Run) -> tuple[str, list[Grid]]:
    """A sentence and a table: the last models of two runs on the same problems."""
    ours, theirs = (_last_greedy(one) for one in (run, other))
    found = [] if ours is None or theirs is None else gaps(
        greedy_answers(run, ours), greedy_answers(other, theirs)
    )  # fmt: skip
    label = f"{other.name} (recipe {other.names['recipe']})"
    if not found:
        return f"{label} has no greedy answers to the same problems.", []
    texts, cells, rows = [], [], []
    for gap in found:
        one = gap.found
        size = f"{points_of(one.mean)} points {bounds(one.low, one.high)}"
        word = {1: "ahead", -1: "behind", 0: "no clear difference"}[direction(one.low, one.high)]
        texts.append(f"{word} on {gap.suite}, {size}")
        cells.append([
            gap.suite, f"{points_of(one.mean)} {bounds(one.low, one.high)}", p_value(one.p),
            count(one.n), count(one.n_won), count(one.n_lost),
        ])  # fmt: skip
        rows.append({"suite": gap.suite, **one._asdict()})
    heads = ["suite", "difference, points", "p", "n", "only ours right", "only theirs"]
    grid = Grid(heads, cells, Source(greedy_sql(ours or 0), rows), f"Beside {other.name}")
    return f"Beside {label}: {'; '.join(texts)}.", [grid]


def greedy_sql(iteration: int) -> str:
    """The select of one side's greedy answers; the differences are of two such sides."""
    text = (queries.HERE / "greedy.sql").read_text().strip().rstrip(";")
    return text.replace("$iteration", str(iteration))


def _last_greedy(run: Run) -> int | None:
    found = [
        int(iteration)
        for iteration, values in run.measured["iterations"].items()
        if any("greedy" in modes for modes in values["suites"].values())
    ]
    return max(found, default=None)


def accuracy_figures(run: Run, other: Run | None) -> list[Figure]:
    """Accuracy by iteration of the greedy answers (or votes), of both runs in one chart."""
    series: list[Series] = []
    for one in filter(None, (run, other)):
        prefix = "" if one is run else f"{one.name}, "
        for end in suite_ends(one.measured):
            points = [
                Point(int(iteration), row["accuracy"], row["low"], row["high"])
                for iteration, values in one.measured["iterations"].items()
                if (row := values["suites"].get(end.suite, {}).get(end.mode))
            ]
            name = f"{prefix}{end.suite}, {end.mode}"
            series.append(Series(name, points, len(series), dashed=one is not run))
    title = "Accuracy by iteration"
    label = "right answers (% of problems)"
    return [lines(title, series, "iteration", label, percent=True)] if series else []

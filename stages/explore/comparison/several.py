"""Several runs compared with one: verdicts, and the parameters in which they differ."""

from collections.abc import Iterator, Sequence
from typing import Any

from stages.explore import output
from stages.explore.comparison import sides
from stages.explore.comparison.parameters import differing_parameters
from stages.explore.comparison.verdict import find_verdicts, p_text, points
from stages.results import terminal

Row = dict[str, Any]


def compare_several(first: str, others: Sequence[str], as_json: bool) -> None:
    """Prints a table of verdicts and one of parameters. Raises RatchetError as `open_sides`."""
    verdicts: list[Row] = []
    parameters: dict[str, dict[str, Any]] = {}
    for other in others:
        with sides.open_sides(first, other) as both:
            verdicts += find_verdicts(both)
            for row in differing_parameters(both.a.params, both.b.params):
                values = parameters.setdefault(row["name"], {first: row.get("a")})
                values[other] = row.get("b")
    if as_json:
        rows = [{"name": name, "values": values} for name, values in parameters.items()]
        print(output.dumps({"verdict": verdicts, "parameters": rows}))
        return
    console = terminal.console()
    for suite, mode in sorted({(row["suite"], row["mode"]) for row in verdicts}):
        own = [row for row in verdicts if (row["suite"], row["mode"]) == (suite, mode)]
        title = f"{suite} ({mode}), against {first}"
        heads = ["revision", "n", "accuracy", "points [95%]", "p"]
        console.print(terminal.table(heads, _verdict_cells(own), title))
    if parameters:
        cells = [[name, *(_value(values, first, other) for other in (first, *others))]
                 for name, values in parameters.items()]  # fmt: skip
        heads = ["parameter", first, *others]
        console.print(terminal.table(heads, cells, "parameters"), markup=False)
    expected = SHARE_BY_CHANCE * len(verdicts)
    terminal.note(
        f"each p is of one comparison: of {len(verdicts)}, {expected:.2g} fall below "
        f"{SHARE_BY_CHANCE} by chance; `ratchet compare {first} {others[0]}` shows more of two"
    )


SHARE_BY_CHANCE = 0.05


def _verdict_cells(verdicts: list[Row]) -> Iterator[list[Any]]:
    """Rows of the runs compared, below those of the first run on the same problems."""
    shown = None
    for row in verdicts:
        base = [row["revision_a"], row["n"], terminal.percent(row["accuracy_a"]), None, None]
        if base != shown:
            yield base
        shown = base
        accuracy = terminal.percent(row["accuracy_b"])
        yield [row["revision_b"], row["n"], accuracy, points(row), p_text(row["p"])]


def _value(values: dict[str, Any], first: str, other: str) -> str:
    """A run's value; where it does not differ from the first one's, that."""
    value = values.get(other, values[first])
    return "–" if value is None else output.dumps(value)

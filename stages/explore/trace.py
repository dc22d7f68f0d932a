"""`ratchet trace`: everything the tables know of one sample, path or problem."""

from dataclasses import dataclass
from typing import Any

from schemas.table import RatchetError
from stages.explore import terminal, trace_text, views

MIN_PREFIX = 4
Row = dict[str, Any]


@dataclass(frozen=True)
class Life:
    """A problem and all that came of it; rows as the trace_*.sql give them.

    An id is made of content, so the same path, or sample, may occur in several iterations.
    """

    problem: Row
    samples: list[Row]
    paths: list[Row]
    steps: list[Row]
    training: list[Row]
    history: list[Row]

    def path_of(self, sample: Row) -> Row | None:
        """The path that a sample took."""
        same = (path for path in self.paths if path["iteration"] == sample["iteration"])
        return next((path for path in same if sample["sample_id"] in path["sample_ids"]), None)

    def said_of(self, path: Row) -> dict[int, Row]:
        """Step number → labels and verifier's probability."""
        same = (row for row in self.steps if row["iteration"] == path["iteration"])
        return {row["step"]: row for row in same if row["path_id"] == path["path_id"]}

    def training_of(self, path: Row) -> list[Row]:
        """The training rows that a path entered, whichever iteration made them."""
        return [row for row in self.training if row["path_id"] == path["path_id"]]


def trace(name: str) -> None:
    """Prints the life of what an id, or an unambiguous beginning of one, names."""
    connection = views.connect()
    kind, found = find(connection, name)
    life = gather(connection, problem_of(connection, kind, found))
    console = terminal.console()
    for part in trace_text.render(life, kind, found):
        console.print(part)


def find(connection: Any, name: str) -> tuple[str, str]:
    """(kind, id). Raises RatchetError for a name that is too short, unknown or ambiguous."""
    rows = views.ask(connection, "trace_find", name=name)
    exact = [row for row in rows if row["id"] == name]
    if not exact and len(name) < MIN_PREFIX:
        raise RatchetError(f"{name!r} is too short: give at least {MIN_PREFIX} characters of an id")
    if not rows:
        raise RatchetError(
            f"{name} is no sample, path or problem of this run: "
            '`ratchet sql "select sample_id, problem_id from samples"` lists them'
        )
    if len(rows) > 1 and not exact:
        shown = ", ".join(f"{row['kind']} {row['id']}" for row in rows[:3])
        raise RatchetError(f"{name} fits {len(rows)} ids ({shown}, …): give more characters")
    return rows[0]["kind"], rows[0]["id"]


def problem_of(connection: Any, kind: str, name: str) -> str:
    """The problem that a sample or path belongs to, or the problem itself."""
    query = f"select problem_id from {kind}s where {kind}_id = $name limit 1"
    return str(views.ask(connection, query, name=name)[0]["problem_id"])


def gather(connection: Any, problem: str) -> Life:
    """Reads the life of a problem. Raises RatchetError when its own row is missing."""
    query = "select * from problems where problem_id = $problem"
    asked = views.ask(connection, query, problem=problem)
    if not asked:
        raise RatchetError(f"problem {problem} is not in table problems: run `dvc repro`")
    named = ("samples", "paths", "steps", "training", "history")
    rows = {name: views.ask(connection, f"trace_{name}", problem=problem) for name in named}
    return Life(problem=asked[0], **rows)

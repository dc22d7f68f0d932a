"""`ratchet trace`: everything the tables know of one sample, path, rollout or problem."""

from typing import Any

from schemas.table import RatchetError
from stages.explore import terminal, trace_text, views
from stages.explore.life import Life

MIN_PREFIX = 4


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
            f"{name} is no sample, path, rollout or problem of this run: "
            '`ratchet sql "select sample_id, problem_id from samples"` lists them'
        )
    if len(rows) > 1 and not exact:
        shown = ", ".join(f"{row['kind']} {row['id']}" for row in rows[:3])
        raise RatchetError(f"{name} fits {len(rows)} ids ({shown}, …): give more characters")
    return rows[0]["kind"], rows[0]["id"]


def problem_of(connection: Any, kind: str, name: str) -> str:
    """The problem that a sample, path or rollout belongs to, or the problem itself."""
    query = f"select problem_id from {kind}s where {kind}_id = $name limit 1"
    return str(views.ask(connection, query, name=name)[0]["problem_id"])


def gather(connection: Any, problem: str) -> Life:
    """Reads the life of a problem. Raises RatchetError when its own row is missing."""
    query = "select * from problems where problem_id = $problem"
    asked = views.ask(connection, query, problem=problem)
    if not asked:
        raise RatchetError(f"problem {problem} is not in table problems: run `dvc repro`")
    named = ["samples", "paths", "steps", "corrections", "rollouts", "training", "history"]
    named += ["flaws", "duels"]
    rows = {name: views.ask(connection, f"trace_{name}", problem=problem) for name in named}
    return Life(problem=asked[0], **rows)

"""`ratchet trace`: everything the tables hold about a sample, path, training row or problem."""

from pathlib import Path
from typing import Any

from schemas import views
from schemas.errors import RatchetError
from stages.explore.revisions import WORKSPACE, open_revision
from stages.explore.trace import life_text
from stages.explore.trace.life import Life
from stages.results import terminal

MIN_PREFIX = 4
HERE = Path(__file__).parent


def trace(name: str) -> None:
    """Prints the life of the item that an id, or a unique prefix of one, names."""
    with open_revision(WORKSPACE) as run:  # an earlier run may have left more iterations here
        connection = views.connect(until=run.last_iteration)
    kind, item_id = find(connection, name)
    life = gather(connection, problem_of(connection, kind, item_id))
    console = terminal.console()
    for block in life_text.render(life, kind, item_id):
        console.print(block)


def find(connection: Any, name: str) -> tuple[str, str]:
    """(kind, id). Raises RatchetError for a name that is too short, unknown or ambiguous."""
    rows = views.ask(connection, query("find"), name=name)
    exact = [row for row in rows if row["id"] == name]
    if not exact and len(name) < MIN_PREFIX:
        raise RatchetError(f"{name!r} is too short: give at least {MIN_PREFIX} characters of an id")
    if not rows:
        raise RatchetError(
            f"{name} is no sample, path, rollout, pair, example or problem of this run: "
            '`ratchet sql "select sample_id, problem_id from samples"` lists them'
        )
    if len(rows) > 1 and not exact:
        shown = ", ".join(f"{row['kind']} {row['id']}" for row in rows[:3])
        raise RatchetError(f"{name} matches {len(rows)} ids ({shown}, …): give more characters")
    return rows[0]["kind"], rows[0]["id"]


def problem_of(connection: Any, kind: str, name: str) -> str:
    """The id of the problem that an item belongs to, or of the problem itself."""
    problem = f"select problem_id from {kind}s where {kind}_id = $name limit 1"
    return str(views.ask(connection, problem, name=name)[0]["problem_id"])


def gather(connection: Any, problem: str) -> Life:
    """Reads the life of a problem. Raises RatchetError if its own row is missing."""
    own_row = "select * from problems where problem_id = $problem"
    problems = views.ask(connection, own_row, problem=problem)
    if not problems:
        raise RatchetError(f"problem {problem} is not in table problems: run `dvc repro`")
    queries = ["samples", "paths", "steps", "corrections", "rollouts", "training", "history"]
    queries += ["flaws", "duels", "pairs", "examples"]
    rows = {name: views.ask(connection, query(name), problem=problem) for name in queries}
    return Life(problem=problems[0], **rows)


def query(name: str) -> str:
    """The text of a .sql file beside this one."""
    return (HERE / f"{name}.sql").read_text()

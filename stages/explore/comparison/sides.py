"""Two revisions in one connection: schemas a and b, and the views that compare them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas import views
from schemas.catalog import TABLE_OF_NOUN
from stages.explore import revisions
from stages.explore.revisions import Revision
from stages.explore.sql import select

HERE = Path(__file__).parent
DIFFERENCE_VIEWS = [
    "verdict_flips",
    "label_flips",
    "reward_shifts",
    "problem_moves",
    "tail_moves",
    "pair_moves",
]
MEMORY = "4GB"  # the rest goes to disk


@dataclass(frozen=True)
class Sides:
    """Side a and side b of a comparison; `absent` has what each lacks, as `views.make` says it."""

    connection: Any
    a: Revision
    b: Revision
    absent: tuple[list[str], list[str]]

    def ask(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, or of a .sql file beside this one."""
        text = name if " " in name else (HERE / f"{name}.sql").read_text()
        return views.ask(self.connection, text, **parameters)

    def materialise(self, *names: str) -> None:
        """Makes tables of views that are asked more than once."""
        for name in names:
            self.connection.execute(f"create table kept as from {name}")
            self.connection.execute(f"drop view {name}")
            self.connection.execute(f"alter table kept rename to {name}")

    def remarks(self) -> list[str]:
        """What can't be compared, or was left out: a line each."""
        made = []
        named = (("a", self.a, "b", self.b), ("b", self.b, "a", self.a))
        for (one, here, other, there), lacks, others in zip(
            named, self.absent, reversed(self.absent), strict=True
        ):
            more = [k for k in here.iterations() if k not in there.iterations()]
            if more:
                made.append(f"only {one} made {_iterations(more)}: {other} has nothing to compare")
            if here.leftovers():
                left = _iterations(here.leftovers())
                made.append(f"{left} of {one} left out: params.yaml asks for {here.last_iteration}")
            older = [name for name in lacks if name not in others]
            tables = [name for name in older if name in TABLE_OF_NOUN]
            columns = [name for name in older if name not in TABLE_OF_NOUN]
            if tables:
                made.append(f"{one} has no table {', '.join(tables)}: taken as empty")
            if columns:
                made.append(f"{one} has no column {', '.join(columns)}: taken as null")
        return made


@contextmanager
def open_sides(a: str, b: str) -> Iterator[Sides]:
    """Both revisions attached. Raises RatchetError as `revisions.opened` does."""
    with (
        revisions.open_revision(a) as one,
        revisions.open_revision(b) as other,
        select.temporary_connection(MEMORY) as connection,
    ):
        yield attach_revisions(connection, one, other)


def attach_revisions(connection: Any, a: Revision, b: Revision) -> Sides:
    """Makes the schemas a and b, and in the main one what compares them."""
    absent = _create_views(connection, "a", a), _create_views(connection, "b", b)
    connection.execute("set schema = 'main'")
    both = sorted({*a.iterations()} & {*b.iterations()})
    connection.execute("create table turns as select unnest($1::smallint[]) iteration", [both])
    for name in DIFFERENCE_VIEWS:
        text = (HERE / f"rows/{name}.sql").read_text()
        connection.execute(f"create view {name} as {text}")
    return Sides(connection, a, b, absent)


def _create_views(connection: Any, schema: str, run: Revision) -> list[str]:
    connection.execute(f"create schema {schema}")
    connection.execute(f"set schema = '{schema}'")
    return views.create_views(connection, run.last_iteration, run.root)


def _iterations(numbers: list[int]) -> str:
    return f"iteration{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"

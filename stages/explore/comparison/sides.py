"""Two revisions in one connection: schemas a and b, and the views that compare them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import polars as pl

from schemas import views
from schemas.catalog import TABLE_OF_NOUN
from schemas.errors import RatchetError
from stages.explore import revisions
from stages.explore.revisions import Revision
from stages.explore.sql import one_select

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
    """Side a and side b of a comparison; `absent`: what `views.create_views` found missing."""

    connection: Any
    a: Revision
    b: Revision
    absent: tuple[list[str], list[str]]

    def ask(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query, or of a .sql file beside this one."""
        text = name if " " in name else (HERE / f"{name}.sql").read_text()
        return views.ask(self.connection, text, **parameters)

    def materialise(self, *names: str) -> None:
        """Turns views that are queried more than once into tables."""
        for name in names:
            self.connection.execute(f"create table materialised as from {name}")
            self.connection.execute(f"drop view {name}")
            self.connection.execute(f"alter table materialised rename to {name}")

    def replace(self, name: str, rows: pl.DataFrame) -> None:
        """Makes a table of the rows, in place of a view of this name if there is one."""
        self.connection.execute(f"drop view if exists {name}")
        self.connection.register("given", rows.to_arrow())
        self.connection.execute(f"create table {name} as from given")
        self.connection.unregister("given")

    def answers(self) -> pl.DataFrame:
        """The problems' answers, as side b has them."""
        query = "select problem_id, answer as reference from b.problems"
        return pl.DataFrame(pl.from_arrow(self.connection.sql(query).to_arrow_table()))

    def remarks(self) -> list[str]:
        """What can't be compared or was left out, in one line each."""
        lines = []
        pairs = (("a", self.a, self.b), ("b", self.b, self.a))
        for (one, here, there), lacks, others in zip(
            pairs, self.absent, reversed(self.absent), strict=True
        ):
            extra = [k for k in here.iterations() if k not in there.iterations()]
            if extra:
                lines.append(f"only {one} has {_iterations(extra)}: not compared")
            if here.leftovers():
                left = _iterations(here.leftovers())
                lines.append(f"{one}: {left} left out: params.yaml asks for {here.last_iteration}")
            missing = [name for name in lacks if name not in others]
            tables = [name for name in missing if name in TABLE_OF_NOUN]
            columns = [name for name in missing if name not in TABLE_OF_NOUN]
            if tables:
                lines.append(f"{one} has no table {', '.join(tables)}: taken as empty")
            if columns:
                lines.append(f"{one} has no column {', '.join(columns)}: taken as null")
        return lines


@contextmanager
def open_sides(a: str, b: str) -> Iterator[Sides]:
    """Yields both revisions, attached. Raises RatchetError as `revisions.open_revision` does."""
    with (
        revisions.open_revision(a) as one,
        revisions.open_revision(b) as other,
        one_select.temporary_connection(MEMORY) as connection,
    ):
        yield attach_revisions(connection, one, other)


@contextmanager
def open_all(names: Sequence[str]) -> Iterator[tuple[Any, list[Revision]]]:
    """Yields a connection with a schema a, b, … for each revision.

    The views of the main schema are the unions of theirs, with a column `revision`. Of two
    revisions there are also the views that compare them. Raises RatchetError as
    `revisions.open_revision` does.
    """
    if len(names) > len(ascii_lowercase):
        raise RatchetError(f"--sql takes {len(ascii_lowercase)} revisions at most")
    with ExitStack() as stack:
        runs = [stack.enter_context(revisions.open_revision(name)) for name in names]
        connection = stack.enter_context(one_select.temporary_connection(MEMORY))
        if len(runs) == 2:
            attach_revisions(connection, *runs)
        else:
            for schema, run in zip(ascii_lowercase, runs, strict=False):
                _create_views(connection, schema, run)
            connection.execute("set schema = 'main'")
        _create_union_views(connection, names)
        yield connection, runs


def _create_union_views(connection: Any, names: Sequence[str]) -> None:
    found = connection.execute("select view_name from duckdb_views() where schema_name = 'a'")
    for (view,) in found.fetchall():
        selects = [
            f"select {_quote(name)} as revision, * from {schema}.{view}"
            for schema, name in zip(ascii_lowercase, names, strict=False)
        ]
        connection.execute(f"create view {view} as {' union all by name '.join(selects)}")


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def attach_revisions(connection: Any, a: Revision, b: Revision) -> Sides:
    """Makes the schemas a and b, and in the main one the views that compare them."""
    absent = _create_views(connection, "a", a), _create_views(connection, "b", b)
    connection.execute("set schema = 'main'")
    shared = sorted({*a.iterations()} & {*b.iterations()})
    connection.execute(
        "create table iterations as select unnest($1::smallint[]) as iteration", [shared]
    )
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

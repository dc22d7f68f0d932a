"""One table on two sides, row by row: rows added, removed and changed, by primary key."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from schemas.catalog import TABLE_OF_NOUN
from schemas.errors import RatchetError
from schemas.table import Table
from stages.explore.comparison.sides import Sides
from stages.results import terminal

EXAMPLES = 3
MAX_VALUE_CHARS = 60  # shown of a value
ADDED, REMOVED, BOTH = "in_a is null", "in_b is null", "in_a and in_b"
Row = dict[str, Any]


def keyed_table(noun: str) -> type[Table]:
    """The table of a name. Raises RatchetError if it is unknown or has no primary key."""
    keyed = {name: table for name, table in TABLE_OF_NOUN.items() if table.primary_key()}
    if noun not in keyed:
        raise RatchetError(f"--table {noun}: name a table with a primary key: {', '.join(keyed)}")
    return keyed[noun]


def find_row_changes(both: Sides, table: type[Table]) -> Row:
    """Counts and first examples of rows added, removed and changed; a column's are (key, a, b)."""
    key, noun = table.primary_key(), table.noun
    kinds = [_column_types(both, side, noun) for side in "ab"]
    shared = [name for name in kinds[0] if name in kinds[1] and name not in key]
    _create_differing_table(
        both, noun, key, shared, [name for name in shared if _is_long(kinds, name)]
    )
    n_rows = {f"n_{side}": _count(both, f"{side}.{noun}") for side in "ab"}
    added_and_removed = {
        change: {"n": _count(both, "differing", where), "examples": _keys(both, key, where)}
        for change, where in (("added", ADDED), ("removed", REMOVED))
    }
    changed = {
        name: {"n": n, "examples": _value_examples(both, noun, key, name)}
        for name in shared
        if (n := _count(both, "differing", f"{BOTH} and {name}"))
    }
    missing = [[name for name in kinds[1 - s] if name not in kinds[s]] for s in (0, 1)]
    return {
        "table": noun, "key": key, **n_rows, **added_and_removed,
        "changed": {"n": _count(both, "differing", BOTH), "columns": changed},
        "columns_only_a": missing[1], "columns_only_b": missing[0],
    }  # fmt: skip


def render(result: Row) -> Iterator[RenderableType]:
    """The result of `find_row_changes` as a line and tables."""
    yield (
        f"{result['table']}: {result['n_a']:,} rows in a, {result['n_b']:,} in b, "
        f"by {', '.join(result['key'])}"
    )
    rows = [[change, result[change]["n"], _keys_text(result[change].get("examples", []))]
            for change in ("added", "removed", "changed")]  # fmt: skip
    yield terminal.filled_columns_table(["rows", "n", "such as"], rows)
    cells = [
        [name, change["n"] if n == 0 else None, "/".join(map(str, row["key"])),
         *_excerpts_at_difference(row["a"], row["b"])]
        for name, change in result["changed"]["columns"].items()
        for n, row in enumerate(change["examples"])
    ]  # fmt: skip
    if cells:
        yield terminal.table(["column", "rows", "such as", "a", "b"], cells, "changed columns")
    for side in "ab":
        if own_columns := result[f"columns_only_{side}"]:
            yield f"columns only in {side}: {', '.join(own_columns)}"


def _create_differing_table(
    both: Sides, noun: str, key: list[str], shared: list[str], long: list[str]
) -> None:
    """Makes the table `differing`: rows that differ, the sides that have them, and the columns.

    Long values are compared by 64-bit hashes, so that millions of texts fit into memory.
    """
    keys = ", ".join(key)
    values = "".join(f", hash({n}) as {n}" if n in long else f", {n}" for n in shared)
    flags = "".join(f", {BOTH} and a.{n} is distinct from b.{n} as {n}" for n in shared)
    either = " or ".join([ADDED, REMOVED, *(f"a.{n} is distinct from b.{n}" for n in shared)])
    both.connection.execute(f"""
        create or replace table differing as
        with
        a as (select {keys}, true as in_a{values} from a.{noun}),
        b as (select {keys}, true as in_b{values} from b.{noun})
        select {keys}, in_a, in_b{flags}
        from a full join b using ({keys})
        where {either}
    """)


def _column_types(both: Sides, side: str, noun: str) -> dict[str, str]:
    """Column → type, without the columns that `views.create_views` filled in as missing."""
    absent = both.absent["ab".index(side)]
    rows = both.ask(f"describe {side}.{noun}")
    return {
        row["column_name"]: row["column_type"]
        for row in rows
        if f"{noun}.{row['column_name']}" not in absent
    }


def _is_long(kinds: list[dict[str, str]], name: str) -> bool:
    """Whether to compare by hash: text, of one type on both sides, as hashes depend on the type."""
    return kinds[0][name] == kinds[1][name] and kinds[0][name].startswith("VARCHAR")


def _count(both: Sides, table: str, where: str = "true") -> int:
    return int(both.ask(f"select count(*) as n from {table} where {where}")[0]["n"])


def _keys(both: Sides, key: list[str], where: str) -> list[list[Any]]:
    keys = ", ".join(key)
    query = f"select {keys} from differing where {where} order by {keys} limit {EXAMPLES}"
    return [list(row.values()) for row in both.ask(query)]


def _value_examples(both: Sides, noun: str, key: list[str], name: str) -> list[Row]:
    rows = []
    has_key = " and ".join(f"{column} = ${column}" for column in key)
    for values in _keys(both, key, f"{BOTH} and {name}"):
        named = dict(zip(key, values, strict=True))
        sides = [
            both.ask(f"select {name} from {side}.{noun} where {has_key}", **named)[0][name]
            for side in "ab"
        ]
        rows.append({"key": values, "a": sides[0], "b": sides[1]})
    return rows


def _keys_text(keys: list[list[Any]]) -> str:
    return ", ".join("/".join(map(str, key)) for key in keys)


def _excerpts_at_difference(*values: Any) -> list[str]:
    """Both values; of long ones an excerpt around their first difference."""
    shown = [terminal.one_line(terminal.plain_text(value)) for value in values]
    differing = (n for n, (one, other) in enumerate(zip(*shown, strict=False)) if one != other)
    start = max(0, next(differing, min(map(len, shown))) - MAX_VALUE_CHARS // 2)
    end = start + MAX_VALUE_CHARS
    return [f"{'…' * (start > 0)}{text[start:end]}{'…' * (len(text) > end)}" for text in shown]

"""docs/settings.md, worked out from conf/: `make contract` writes it, a test compares."""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from stages.contract.tables_page import WRITTEN, grid

GROUPS = ("task", "model", "engine", "compute", "recipe")
HEAD = """# Where each default comes from

`dvc exp run` composes params.yaml from `conf/`: first `config.yaml`, then a task, a model, an
engine, where to compute, and last the recipe, each overriding what came before. So the value of a
run is the recipe's where it names the setting; `ratchet sql "from settings"` shows what a run had,
and `ratchet settings WORD` finds settings by name or meaning, with the value that they have here.

`schemas/params.schema.json` says the same to an editor, which then completes names and marks wrong
values; for the YAML language server: `yaml.schemas: {"schemas/params.schema.json": "params.yaml"}`.
(A line in params.yaml that names the schema would be lost: `dvc exp run` writes the file anew.)

SIPF is arXiv 2412.08393, Step-KTO arXiv 2501.10799, GSI arXiv 2411.00750; numbers of equations,
tables and sections are theirs. A default without a source is this project's own choice.
"""


def settings(conf: Path) -> str:
    """The page: conf/config.yaml section by section, then each file of the groups."""
    found = entries((conf / "config.yaml").read_text())
    pieces = [_settings([top for top, _ in found if top.value != "{}"])]
    pieces += [_section(*section) for section in found if section[0].value in (None, "{}")]
    for group in GROUPS:
        pieces.append(f"# conf/{group}\n")
        pieces += [_file(path) for path in sorted((conf / group).glob("*.yaml"))]
    page = "\n".join([WRITTEN.format("conf/"), HEAD, *pieces])
    return re.sub(r"\n{3,}", "\n\n", page)


def setting_entries(conf: Path) -> list["Entry"]:
    """Every setting once, with what is said of it first: in config.yaml, else in a group's file."""
    files = [conf / "config.yaml", *(p for g in GROUPS for p in sorted((conf / g).glob("*.yaml")))]
    found: dict[str, Entry] = {}
    for file in files:
        for top, inside in entries(file.read_text()):
            for entry in (top, *inside):
                known = found.setdefault(entry.name, entry)
                if not known.comment and entry.comment:
                    found[entry.name] = known._replace(comment=entry.comment)
    return [entry for entry in found.values() if not entry.name.startswith("hydra")]


class Entry(NamedTuple):
    """A setting in a file; its comment is behind the value, or on the lines above."""

    name: str  # dotted
    value: str | None  # null: settings below it
    comment: str


def entries(text: str) -> list[tuple[Entry, list[Entry]]]:
    """Each top-level key of a file but `defaults`, in order, and the settings below it."""
    root = yaml.compose(text)
    lines = text.splitlines()
    found = [[*_walk(lines, key.value, key, value)] for key, value in root.value]
    return [(first, rest) for first, *rest in found if first.name != "defaults"]


def _walk(lines: list[str], name: str, key: Any, value: Any) -> Iterator[Entry]:
    nested = isinstance(value, yaml.MappingNode) and value.value and not value.flow_style
    yield Entry(name, None if nested else _one_line(value), _comment(lines, key, value))
    for inner, content in value.value if nested else []:
        yield from _walk(lines, f"{name}.{inner.value}", inner, content)


def _comment(lines: list[str], key: Any, value: Any) -> str:
    """What is said of a key above it and behind it, but for what opens the file."""
    last = value.end_mark if value.start_mark.line == key.end_mark.line else key.end_mark
    behind = re.search(r"(?:^|\s)#\s?(.*)", lines[key.end_mark.line][last.column :])
    said = [behind[1].strip()] if behind else []
    number = key.start_mark.line - 1
    while number >= len(_opening(lines)) and lines[number].lstrip().startswith("#"):
        said.insert(0, lines[number].lstrip()[1:].strip())
        number -= 1
    return " ".join(said)


def _one_line(node: yaml.Node) -> str:
    """A value in one line, as YAML has it."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value or "null")
    value = yaml.SafeLoader("").construct_object(node, deep=True)
    return str(yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False)).strip()


def _opening(lines: list[str]) -> list[str]:
    """The comment lines that a file opens with."""
    return [*takewhile(lambda line: line.startswith("#"), lines)]


def _section(top: Entry, inside: list[Entry]) -> str:
    """A section of config.yaml."""
    said = f"## {top.name}\n\n{top.comment}\n"
    return f"{said}\n{_settings(inside)}" if inside else said


def _file(path: Path) -> str:
    """A file of a group: what it says of itself, and what it sets."""
    text = path.read_text()
    opening = [line[1:].strip() for line in _opening(text.splitlines()) if "@package" not in line]
    begins = [name for name in yaml.safe_load(text).get("defaults", []) if name != "_self_"]
    about = "\n".join([*opening, *(["", f"Begins as {', '.join(begins)}."] if begins else [])])
    rest = [e for top, inside in entries(text) if top.name != "run" for e in (top, *inside)]
    return f"## {path.stem}\n\n{about.strip()}\n\n{_settings(rest)}"


def _settings(inside: list[Entry]) -> str:
    rows = [(f"`{e.name}`", f"`{e.value}`", e.comment) for e in inside if e.value is not None]
    return grid(("setting", "value", "is, and comes from"), rows)

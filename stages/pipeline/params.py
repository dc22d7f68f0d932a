"""Parameters: params.yaml read into strict, typed sections."""

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError

from schemas.errors import RatchetError

FILE = Path("params.yaml")


class Section(BaseModel):
    """One section of params.yaml. Each stage or room owns its own; values live in conf/.

    `idle`: settings that change no result, so that no stage runs again for them.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    section: ClassVar[str] = ""
    idle: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def choose(cls, values: dict[str, Any]) -> type[Self]:
        """The class that reads these values: this one, unless one of the values selects another."""
        return cls

    def local_files(self) -> dict[str, Path]:
        """Dotted name of a setting → the file or model folder that it names on this machine.

        Raises RatchetError if one of them is not there.
        """
        return {}

    def hub_ids(self) -> dict[str, tuple[str, str | None]]:
        """Dotted name of a setting → the id of the hub that it names, and the revision set."""
        return {}


S = TypeVar("S", bound=Section)


def load(path: Path = FILE) -> dict[str, Any]:
    """The whole file as nested dicts, as DVC reads it.

    Raises RatchetError if it is missing, or not YAML, or has keys or numbers that nothing can use.
    """
    if not path.exists():
        raise RatchetError(f"{path} is missing: restore it with `git checkout {path}`")
    try:
        return read(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as error:
        hint = f"save it as that, fix it, or run `git checkout {path}`"
        raise RatchetError(f"{path} is not UTF-8 text: {hint}") from error


def read(text: str, path: Path = FILE) -> dict[str, Any]:
    """The text of that file as nested dicts. Raises RatchetError as `load` does."""
    hint = f"fix it, or run `git checkout {path}`"
    try:
        values = read_yaml(text)
    except (YAMLError, ValueError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" line {where.line + 1}" if where else ""
        raise RatchetError(f"{path}{line} {_yaml_fault(error)}: {hint}") from error
    if not isinstance(values, dict):
        raise RatchetError(f"{path} has no sections: restore it with `git checkout {path}`")
    if fault := _odd_value(values, ""):
        raise RatchetError(f"{path}: {fault}")
    return values


def read_yaml(text: str) -> Any:
    """What YAML 1.2 means, in which 1e-3 is a number and `on` a word. Raises YAMLError."""
    return YAML(typ="safe").load(text)


def _yaml_fault(error: Exception) -> str:
    if isinstance(error, DuplicateKeyError):
        key = re.search(r'duplicate key "(.*?)"', str(error.problem))
        return f"has {key[1] if key else 'a key'} for the second time"
    return "is nested too deeply" if isinstance(error, RecursionError) else "is not valid YAML"


def _odd_value(value: Any, path: str) -> str | None:
    """What no parameter can be: a name that is no text, an infinity, NaN, a number of 64 bits."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{path} is {value}: set a finite number"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return f"{path} is {value}: set a number of less than 2**63"
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                return f"{path or 'it'} has a key {key!r}, which names no parameter: delete it"
    if not isinstance(value, dict | list):
        return None
    items = value.items() if isinstance(value, dict) else enumerate(value)
    faults = (_odd_value(v, f"{path}.{key}" if path else str(key)) for key, v in items)
    return next(filter(None, faults), None)


def seed_of(values: dict[str, Any]) -> int:
    """The run's seed. Raises RatchetError if it is no whole number."""
    seed = values.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise RatchetError(f"params.yaml: seed is {seed!r}: set a whole number")
    return seed


def parse(section: type[S], values: dict[str, Any]) -> S:
    """One section, checked. Raises RatchetError naming the parameter and the fix."""
    name = section.section
    if not isinstance(values.get(name), dict):
        raise RatchetError(f"params.yaml: section {name} is missing: copy it from conf/config.yaml")
    section_class = section.choose(values[name])
    try:
        return section_class.model_validate(values[name])
    except ValidationError as error:
        raise RatchetError(f"params.yaml: {_explain(name, section_class, error)}") from error


def _explain(section: str, section_class: type[Section], error: ValidationError) -> str:
    """The first error in one line, with the nearest known name for an unknown one."""
    fault = error.errors()[0]
    path = ".".join([section, *map(str, fault["loc"])])
    if fault["type"] == "extra_forbidden":
        return unknown_name_message(
            path, [f"{section}.{name}" for name in section_class.model_fields]
        )
    if fault["type"] == "missing":
        return f"{path} is missing: set it in conf/"
    reason = fault["msg"].removeprefix("Value error, ")
    value = "" if fault["type"] == "value_error" else f" is {fault['input']!r}"
    first = reason[0].lower() if reason[1:2].islower() else reason[0]  # "URL" keeps its capitals
    return f"{path}{value}: {first}{reason[1:]}"


def fill_in(text: str, values: dict[str, Any]) -> str:
    """The text with `${section.name}` replaced by that parameter, as in DVC's files.

    Raises RatchetError if there is no such parameter.
    """
    return re.sub(r"\$\{([\w.]+)\}", lambda found: str(value_at(found[1], values)), text)


def value_at(path: str, values: dict[str, Any]) -> Any:
    """The value of a dotted name. Raises RatchetError if there is none."""
    found: Any = values
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            raise RatchetError(f"params.yaml: {path} is missing: set it in conf/")
        found = found[name]
    return found


def one_of(*names: str) -> "OneOf":
    """Checks a setting whose values are names of methods; for `Annotated[str, one_of(…)]`."""
    return OneOf(names)


@dataclass(frozen=True)
class OneOf(GroupedMetadata):
    """The names that a setting can have, also for its JSON schema."""

    names: tuple[str, ...]

    def __iter__(self) -> Iterator[object]:
        yield AfterValidator(self._check)
        yield WithJsonSchema({"enum": [*self.names]})

    def _check(self, name: str) -> str:
        if name not in self.names:
            near = difflib.get_close_matches(name, self.names, n=1, cutoff=0)[0]
            choices = f"{', '.join(self.names[:-1])} or {self.names[-1]}"
            raise PydanticCustomError("one_of", f"set {choices}; did you mean {near}?")
        return name


def unknown_name_message(name: str, known: list[str]) -> str:
    """The message "x is not a parameter; did you mean y?"."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return f"{name} is not a parameter; did you mean {near[0]}?" if near else f"{name} is unknown"

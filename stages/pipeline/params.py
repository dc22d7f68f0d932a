"""Parameters: params.yaml read into strict, typed sections."""

import difflib
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from schemas.errors import RatchetError

FILE = Path("params.yaml")


class Section(BaseModel):
    """One section of params.yaml. Each stage or room owns its own; values live in conf/."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    section: ClassVar[str] = ""

    @classmethod
    def choose(cls, values: dict[str, Any]) -> type[Self]:
        """The class that reads these values: this one, unless a value of them decides."""
        return cls


S = TypeVar("S", bound=Section)


def load(path: Path = FILE) -> dict[str, Any]:
    """The whole file as nested dicts. Raises RatchetError when it is missing or no YAML."""
    if not path.exists():
        raise RatchetError(f"{path} is missing: `git checkout {path}` or `dvc exp run` writes it")
    try:
        values = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" line {where.line + 1}" if where else ""
        raise RatchetError(
            f"{path}{line} is not YAML: mend it, or `git checkout {path}`"
        ) from error
    if not isinstance(values, dict):
        raise RatchetError(f"{path} holds no sections: `git checkout {path}` brings them back")
    return values


def parse(section: type[S], values: dict[str, Any]) -> S:
    """One section, checked. Raises RatchetError naming the parameter and the mend."""
    name = section.section
    if not isinstance(values.get(name), dict):
        raise RatchetError(f"params.yaml: section {name} is missing: conf/config.yaml has one")
    section_class = section.choose(values[name])
    try:
        return section_class.model_validate(values[name])
    except ValidationError as error:
        raise RatchetError(f"params.yaml: {_explain(name, section_class, error)}") from error


def _explain(section: str, section_class: type[Section], error: ValidationError) -> str:
    """The first fault in one line, with the nearest known name for an unknown one."""
    fault = error.errors()[0]
    path = ".".join([section, *map(str, fault["loc"])])
    if fault["type"] == "extra_forbidden":
        return unknown_name_message(
            path, [f"{section}.{name}" for name in section_class.model_fields]
        )
    if fault["type"] == "missing":
        return f"{path} is missing: set it in conf/"
    reason = fault["msg"].removeprefix("Value error, ")
    given = "" if fault["type"] == "value_error" else f" is {fault['input']!r}"
    begins = reason[0].lower() if reason[1:2].islower() else reason[0]  # «URL» keeps its letters
    return f"{path}{given}: {begins}{reason[1:]}"


def one_of(*names: str) -> AfterValidator:
    """Checks a setting whose values are names of methods; for `Annotated[str, one_of(…)]`."""

    def check(name: str) -> str:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0)[0]
            choices = f"{', '.join(names[:-1])} or {names[-1]}"
            raise PydanticCustomError("one_of", f"set {choices}; did you mean {near}?")
        return name

    return AfterValidator(check)


def unknown_name_message(name: str, known: list[str]) -> str:
    """«x is not a parameter; did you mean y?»"""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return f"{name} is not a parameter; did you mean {near[0]}?" if near else f"{name} is unknown"

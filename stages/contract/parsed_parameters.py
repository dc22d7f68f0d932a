"""All parameters of a run, parsed, and what a conflict between them is."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from stages.contract.stage_list import SCALARS, sections
from stages.objectives.objective_list import load_objective
from stages.pipeline.params import parse
from stages.training.objective import Objective


class Parameters(SimpleNamespace):
    """Every section of params.yaml, parsed, under its name; `iteration` and `seed` too."""

    def __getattr__(self, section: str) -> Any:
        raise AttributeError(f"no section {section}")

    @property
    def objective(self) -> Objective | None:
        """The objective that `align` minimises; None if it trains nothing."""
        name = self.align.objective
        return None if name == "none" else load_objective(name)


def parse_parameters(values: dict[str, Any]) -> Parameters:
    """Every section, checked alone. Raises RatchetError on the first value that is wrong."""
    known = {name: parse(section, values) for name, section in sections().items()}
    return Parameters(**known, **{name: values.get(name) for name in SCALARS})


# (whether the values are in conflict; what is wrong and what to set)
Conflict = tuple[Callable[[Parameters], Any], str]

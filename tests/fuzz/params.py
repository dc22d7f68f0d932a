"""params.yaml with odd values, names and text: `check` takes it or says what is wrong."""

import contextlib
import io
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from schemas.errors import RatchetError
from stages.check import check
from stages.contract.dvc_files import ROOT, parameter_values
from stages.explore.plan_command import show_plan
from tests.fuzz.mutation import VALUES, mutated

SIGNS = [*":{}[]&*!#|>'\"%@`-?,\t\n ", "<<: ", "- ", "...\n", "---\n", "1e-3", ".inf", "~"]
MORE = (*VALUES, 2**63, float("inf"), float("nan"), "off", "auto", -5, 1.5, 8, 100)
# a few values of a size that no machine has would only wait for the machine
CHOICES = {
    group: [file.stem for file in sorted((ROOT / "conf" / group).glob("*.yaml"))]
    for group in ("recipe", "task", "model", "engine")
}


@cache
def _sound(*overrides: str) -> dict[str, Any]:
    return parameter_values(*overrides)


def case(chance: Random, folder: Path) -> str:
    """One params.yaml through `check`, and if that takes it through `ratchet plan`."""
    group = chance.choice([*CHOICES])
    values = mutated(
        _sound(f"{group}={chance.choice(CHOICES[group])}"),
        chance,
        chance.choice([0, 1, 1, 1, 2, 4]),
        MORE,
    )
    how: dict[str, Any] = {"sort_keys": False, "allow_unicode": chance.random() < 0.5}
    text = yaml.dump(values, Dumper=yaml.CSafeDumper, **how)
    if chance.random() < 0.3:
        at = chance.randint(0, len(text))
        text = text[:at] + chance.choice(SIGNS) + text[at + chance.choice([0, 0, 1, 5]) :]
    (folder / "params.yaml").write_bytes(text.encode(errors="surrogatepass"))
    try:
        check.run(0)
    except RatchetError as error:
        assert "\n" not in str(error), f"an error of several lines: {error}"
        return "refused"
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            show_plan([], None, 1, False, chance.random() < 0.5)
    except RatchetError as error:
        assert "\n" not in str(error), f"an error of several lines: {error}"
        return "taken, without a plan"
    return "planned"

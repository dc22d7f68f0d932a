"""What .dvc/config adds to how DVC composes conf/: the loop, and the refusal of wrong values."""

import logging
import runpy
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from dvc.utils.hydra import compose_and_dump

from stages.contract.dvc_files import ROOT, parameter_values
from stages.pipeline.loop import unroll


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> str:
    """The folder that .dvc/config names; what is in it is loaded, as by DVC."""
    config = ConfigParser()
    config.read_string("\n".join(map(str.strip, (ROOT / ".dvc/config").read_text().splitlines())))
    assert config["hydra"]["enabled"] == "true"
    folder = ROOT / config["hydra"]["plugins_path"]
    (module,) = (folder / "hydra_plugins").glob("*.py")
    runpy.run_path(str(module))
    return str(folder)


def compose(file: Path, plugin: str, *overrides: str) -> None:
    compose_and_dump(str(file), str(ROOT / "conf"), None, "config", plugin, list(overrides))


@pytest.mark.parametrize("overrides", [(), *[(f"iteration={k}",) for k in (1, 3, 9, 12)]])
def test_dvc_composes_what_the_project_composes(
    plugin: str, tmp_path: Path, overrides: tuple[str, ...]
) -> None:
    file = tmp_path / "params.yaml"
    compose(file, plugin, *overrides)
    values = yaml.safe_load(file.read_text())
    assert values == parameter_values(*overrides)
    assert values["loop"] == unroll(values["iteration"])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["sample.k=0"], "sample.k is 0: input should be greater than or equal to 1"),
        (["iteration=0"], "iteration is 0: set a whole number from 1 to 999"),
        (["iteration=2000000000"], "iteration is 2000000000: set a whole number from 1 to 999"),
        (["iteration=two"], "iteration is 'two': set a whole number from 1 to 999"),
        (["+pair.margn=1"], "pair.margn is not a parameter; did you mean pair.margin?"),
        (["task=gsm8k", "recipe=gsi_interactive"], "teacher.url"),
    ],
)
def test_wrong_values_are_one_line_and_change_nothing(
    plugin: str, tmp_path: Path, overrides: list[str], message: str
) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("as it was")
    with pytest.raises(SystemExit) as stopped:
        compose(file, plugin, *overrides)
    assert message in str(stopped.value) and "\n" not in str(stopped.value)
    assert file.read_text() == "as it was"


@pytest.mark.parametrize(
    ("message", "shown"),
    [("No file hash info found for '%s'. It won't be created.", False), ("another %s", True)],
)
def test_dvc_does_not_warn_of_what_it_is_about_to_make(
    plugin: str, caplog: pytest.LogCaptureFixture, message: str, shown: bool
) -> None:
    logging.getLogger("dvc_data.index.checkout").warning(message, "data/samples")
    assert bool(caplog.records) is shown

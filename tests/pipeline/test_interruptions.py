"""SIGTERM and SIGINT end a stage in one line, from the loading of its libraries on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stages.contract.dvc_files import ROOT, params

# sends itself a signal when the module is imported, as somebody might who presses Ctrl-C then
TRIP = """
import os, signal, sys
class Trip:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["TRIP_AT"]:
            os.environ["TRIP_AT"] = ""
            os.kill(os.getpid(), int(os.environ["TRIP_BY"]))
sys.meta_path.insert(0, Trip())
"""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "module", ["polars", "schemas.store", "stages.pipeline.params", "ruamel.yaml.main"]
)
def test_a_signal_at_any_import_is_one_line(tmp_path: Path, by: int, module: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(TRIP)
    (tmp_path / "params.yaml").write_text(params())
    env = os.environ | {
        "PYTHONPATH": f"{tmp_path}:{ROOT}",
        "TRIP_AT": module,
        "TRIP_BY": str(int(by)),
    }
    command = [sys.executable, "-m", "stages.prepare"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr == "prepare: interrupted; `dvc repro` resumes from here\n"


# as DuckDB does at the start of a query
QUERY = """
import os, sys
from stages.pipeline.stage import stage
by = int(sys.argv.pop())
@stage()
def count() -> None:
    try:
        os.kill(os.getpid(), by)
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None
count.main()
"""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_a_library_turns_into_another_error_is_one_line(
    tmp_path: Path, by: int
) -> None:
    (tmp_path / "params.yaml").write_text(params())
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", QUERY, str(int(by))],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "count: interrupted; `dvc repro` resumes from here\n"

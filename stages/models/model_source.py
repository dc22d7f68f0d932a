"""Where a model comes from: a Hugging Face folder or id, a GGUF file, or one in a package."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl

from schemas.errors import RatchetError
from schemas.sources import Sources
from stages.models.folders import check_model_files
from stages.models.gguf_model import convert_gguf
from stages.models.hub_revision import find_commit, id_with_revision, source_row
from stages.models.installed_package import PREFIX, file_in_package
from stages.models.local_model import UNUSED, find_model, require_weights
from stages.models.self_contained import check_self_contained
from stages.models.tokenizer_checks import check_tokenizer
from stages.models.weights import check_weights


def fetch(source: str, parameter: str, out: Path, revision: str | None = None) -> pl.DataFrame:
    """Makes `out` a plain Hugging Face folder of the model that `source` names.

    Returns its row of `sources`; none unless it is of the hub.

    That is a local folder, an id of the hub (`revision`: a commit or tag; None: the newest),
    FILE.gguf or package:NAME==VERSION/FILE.gguf.
    Raises RatchetError, and leaves no `out`, if it is none of these, is damaged, or its tokenizer
    does not fit it.
    """
    try:
        is_of_hub = _fill(source, parameter, out, revision)
        check_tokenizer(out, parameter)
        check_weights(
            out, f"{parameter}: {source}", f"copy the model again, or set {parameter} to another"
        )
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    if not is_of_hub:
        return Sources.create_empty()
    return source_row(parameter, source, find_commit(source, revision, "model"))


def _fill(source: str, parameter: str, out: Path, revision: str | None) -> bool:
    """Whether the model is of the hub."""
    if source.startswith(PREFIX):
        convert_gguf(file_in_package(source, parameter), parameter, out)
        return False
    local = find_model(source, parameter)
    if local is None:
        _download(source, parameter, out, revision)
    elif local.is_file():
        convert_gguf(local, parameter, out)
    else:
        _copy(local, parameter, out)
    return local is None


def _copy(folder: Path, parameter: str, out: Path) -> None:
    check_self_contained(folder, f"set {parameter} to another")
    check_model_files(folder, f"copy the model again, or set {parameter} to another")
    shutil.copytree(folder, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*UNUSED))


def _download(source: str, parameter: str, out: Path, revision: str | None) -> None:
    from huggingface_hub import snapshot_download

    revision = find_commit(source, revision, "model") or revision
    try:
        snapshot_download(source, revision=revision, local_dir=out, ignore_patterns=UNUSED)
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise RatchetError(
            f"{parameter}: cannot download {id_with_revision(source, revision)} ({reason}): "
            f"set {parameter} to a local folder"
        ) from error
    shutil.rmtree(out / ".cache", ignore_errors=True)
    require_weights(out, source, parameter)
    check_model_files(out, f"set {parameter} to another model")

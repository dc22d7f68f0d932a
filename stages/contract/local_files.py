"""The local files that settings name: there and readable before anything is made, and linked.

inputs/STAGE has a link to each file that STAGE opens, named by its setting. DVC reads through them,
so `dvc repro` alone sees an edit of the file, and of the stages only those that open it run again.
Nothing has to be composed for that, and nothing starts when nothing has changed.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from schemas import store
from schemas.errors import RatchetError
from stages.models.local_model import files_of
from stages.pipeline.params import Section
from stages.pipeline.stage import Stage

SETTINGS = "settings.txt"


def find_local_files(sections: Iterable[Section], stages: Iterable[Stage]) -> dict[str, Path]:
    """Setting → its file or model folder, all of which can be read.

    Raises RatchetError naming the setting of the first that is not there, can't be read, or is
    made by the run itself, which could then never be up to date.
    """
    found = {name: path for section in sections for name, path in section.local_files().items()}
    made = tuple(folder for stage in stages for folder in _folders_made(stage))
    for name, path in found.items():
        if f"{os.path.relpath(path)}/".startswith(made):
            raise RatchetError(
                f"{name}: {path} is made by the run itself: copy it to a place of its own and name "
                "that"
            )
        for file in files_of(path):
            _require_readable(file, name)
    return found


def _folders_made(stage: Stage) -> list[str]:
    """How the paths begin that the stage writes to, or loads from what others made."""
    tables = [f"{store.folder(table_at.table)}/" for table_at in stage.writes]
    models = [*stage.inputs.made.values(), *stage.inputs.models.values()]
    return tables + [f"{model.pattern}/".partition("{")[0] for model in models]


def _require_readable(file: Path, name: str) -> None:
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError as error:
        raise RatchetError(
            f"{name}: {file} can't be read ({error.strerror}): make it readable, or name another"
        ) from error


def link_local_files(files: Mapping[str, Path], stages: Iterable[Stage], out: Path) -> None:
    """Fills out/STAGE for each stage that opens some: links, and a list of the settings."""
    for stage in stages:
        opened = {name: path for name, path in files.items() if _is_below(name, stage.opens)}
        if not opened:
            continue
        folder = out / stage.name
        folder.mkdir(parents=True)
        lines = [f"{name}: {path}\n" for name, path in opened.items()]
        (folder / SETTINGS).write_text("".join(lines))
        for name, path in opened.items():
            _link(path, folder / quote(name, safe=" "))


def _is_below(name: str, settings: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{setting}.") for setting in settings)


def _link(path: Path, link: Path) -> None:
    """A link to a file; of a folder, to each file, as DVC does not follow links to folders."""
    for file in files_of(path):
        at = link / file.relative_to(path) if path.is_dir() else link
        at.parent.mkdir(parents=True, exist_ok=True)
        at.symlink_to(file if file.is_absolute() else os.path.relpath(file, at.parent))

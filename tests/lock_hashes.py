"""`python -m tests.lock_hashes FILE…`: hashes of what lock files pin, as the index of pip has them.

For each `name==version` it writes those of all files that pip may choose: builds for Linux and
macOS and for every Python from 3.11 on, or the source where there is no build. Files that lie in
pip's `find-links` count too: so come the CPU builds of torch, which have the same version. A hash
that is in the file for the same version stays, though this machine's index may not know it.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

# pip has no other way to ask its index for files of other platforms
from pip._internal.commands import create_command
from pip._internal.index.collector import parse_links

PIN = re.compile(r"(?P<name>[\w.-]+)(\[[\w,-]+\])?==(?P<version>[^\s;\\]+)(\s*;[^\\]*)?")
PYTHON = re.compile(r"py3|cp3(1[1-9]|[2-9]\d)")
STABLE = re.compile(r"cp3\d*")  # with the ABI of all later ones
PLATFORM = re.compile(
    r"any|(manylinux|linux).*_(x86_64|aarch64)|macosx_.*_(x86_64|arm64|universal2)"
)


class Index:
    """pip's index, as it is configured."""

    def __init__(self) -> None:
        command: Any = create_command("download")
        self.options, _ = command.parse_args([])
        self.context = command.main_context()
        self.context.__enter__()
        self.finder = command._build_package_finder(
            self.options, command.get_default_session(self.options)
        )

    def links(self, name: str) -> Iterator[Any]:
        """Every file that the index or `find-links` has of a package."""
        sources = self.finder._link_collector.collect_sources(name, lambda link: [])
        for source in (*sources.find_links, *sources.index_urls):
            if source is None:
                continue
            if source.link is None:
                yield from source.file_links()
            elif page := self.finder._link_collector.fetch_response(source.link):
                yield from parse_links(page)

    def hashes(self, name: str, version: str) -> set[str]:
        """The hashes of a version's files; of local builds of it too."""
        builds, sources = set[str](), set[str]()
        for link in self.links(name):
            kind = _kind(link.filename, name, version)
            if kind:
                (builds if kind == "build" else sources).add(_hash(link))
        return builds or sources


def _kind(file: str, name: str, version: str) -> str | None:
    """build or source; None for what pip would not choose."""
    try:
        if file.endswith(".whl"):
            owner, release, _, tags = parse_wheel_filename(file)
            fits = any(_fits(tag.interpreter, tag.abi, tag.platform) for tag in tags)
            kind = "build" if fits else None
        else:
            (owner, release), kind = parse_sdist_filename(file), "source"
    except (InvalidSdistFilename, InvalidWheelFilename):
        return None
    is_it = owner == canonicalize_name(name) and Version(release.public) == Version(version)
    return kind if is_it else None


def _fits(interpreter: str, abi: str, platform: str) -> bool:
    python = PYTHON.fullmatch(interpreter) or (abi == "abi3" and STABLE.fullmatch(interpreter))
    return bool(python and not re.fullmatch(r"cp\d+t", abi) and PLATFORM.fullmatch(platform))


def _hash(link: Any) -> str:
    if link.hash_name == "sha256":
        return str(link.hash)
    return hashlib.sha256(Path(link.file_path).read_bytes()).hexdigest()


def with_hashes(text: str, index: Index) -> str:
    """A lock file's text with the hashes of each pin below it."""
    kept = []
    for entry in re.split(r"\n(?!\s)", text.rstrip("\n")):
        pin = PIN.match(entry)
        if not pin:
            kept.append(entry)
            continue
        known = set(re.findall(r"--hash=sha256:(\w+)", entry))
        hashes = known | index.hashes(pin["name"], pin["version"])
        if not hashes:
            raise SystemExit(f"pip's index has no file of {pin[0]}")
        lines = [pin[0].rstrip(), *(f"    --hash=sha256:{one}" for one in sorted(hashes))]
        kept.append(" \\\n".join(lines))
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    index = Index()
    for file in map(Path, sys.argv[1:]):
        file.write_text(with_hashes(file.read_text(), index))

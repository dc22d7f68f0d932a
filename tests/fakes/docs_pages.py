"""What the pages for people say: the commands, queries, files and links in them."""

import re
import shlex
from collections.abc import Iterator

from stages.contract.dvc_files import ROOT

PAGES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in sorted(
        [
            *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
            *(ROOT / folder / "README.md" for folder in ("data", "models")),
            *ROOT.glob("docs/*.md"),
        ]
    )
}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
NAMED = re.compile(r"`([\w/.]+)`:\n\n```(\w+)\n(.*?)^```$", re.M | re.S)
INLINE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PROGRAMS = ("make", "ratchet", "dvc", "python")


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", PAGES[page])


def fences(page: str, language: str) -> list[str]:
    """The blocks of one language."""
    return [text for name, text in FENCE.findall(PAGES[page]) if name == language]


def files(page: str) -> list[tuple[str, str, str]]:
    """(path, language, text) of each block whose file the line "`path`:" before it names."""
    return NAMED.findall(PAGES[page])


def commands(page: str) -> Iterator[list[str]]:
    """The words of each command that a page shows on lines of its own, without comments."""
    joined = re.sub(r"\\\n\s*", " ", prose(page))
    for line in re.findall(r"^    (\S.*)", joined, re.M):
        if line.split()[0] in PROGRAMS:
            yield from _split(shlex.split(line, comments=True))


def mentioned(page: str) -> Iterator[list[str]]:
    """The words of each command within a sentence; its arguments may be left out."""
    for found in INLINE.findall(prose(page)):
        words = found.split()
        if len(words) > 1 and words[0] in PROGRAMS:
            yield shlex.split(found)


def _split(words: list[str]) -> Iterator[list[str]]:
    """The commands that && joins."""
    while "&&" in words:
        end = words.index("&&")
        yield words[:end]
        words = words[end + 1 :]
    yield words


def overrides(words: list[str]) -> list[list[str]]:
    """What each run of a `dvc exp run` sets: its -S, a list of recipes one after another."""
    given = [words[i + 1] for i, word in enumerate(words) if word == "-S"]
    recipes = next((name for name in given if name.startswith("recipe=")), "")
    if not recipes:
        return [given]
    rest = [name for name in given if name != recipes]
    return [[f"recipe={name}", *rest] for name in recipes.removeprefix("recipe=").split(",")]


def anchors(page: str) -> set[str]:
    """The names under which a page's headings are linked to."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", PAGES[page]), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}

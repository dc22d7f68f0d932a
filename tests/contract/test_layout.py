"""The law of the house: a file is a stage, a folder is a room, and imports only descend."""

import ast
import re
from collections import Counter
from graphlib import TopologicalSorter

import pytest

from stages import ROOMS
from stages.contract.dvc_files import ROOT
from stages.contract.stage_list import STAGES

FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("schemas", "stages")
    for path in (ROOT / folder).rglob("*.py")
}
TREES = {module: ast.parse(path.read_text()) for module, path in FILES.items()}
LEVELS = ("schemas", *ROOMS, "stages")
IRREGULAR = re.compile(
    "begun|bound|broken|brought|built|bought|caught|chosen|done|drawn|driven|felt|found|frozen|"
    "given|gone|grown|heard|held|hidden|kept|known|laid|lent|lost|made|meant|met|paid|said|"
    "seen|sent|shown|spent|spoken|stood|taken|taught|thought|thrown|told|understood|won|written"
)
VERBS = {"seed", "need", "embed", "feed", "speed"}


def imports(module: str) -> set[str]:
    """The project's modules that a module names, below functions and TYPE_CHECKING too."""
    package = module if FILES[module].name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(filter(None, [above, node.module]))
            inner = {f"{source}.{alias.name}" for alias in node.names}
            found |= {name if name in FILES else source for name in inner}
    return {name for name in found if name in FILES} - {module}


GRAPH = {module: imports(module) for module in FILES}


def level(module: str) -> int:
    """How high a module stands; what a package says of itself (`stages`) is on the ground."""
    top, _, rest = module.partition(".")
    room = rest.partition(".")[0]
    if top == "schemas" or not rest:
        return 0
    return LEVELS.index(room) if room in ROOMS else LEVELS.index("stages")


def test_the_files_are_the_stages_and_the_folders_the_rooms() -> None:
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert files == set(STAGES)
    assert len(STAGES) == len(files)
    folders = {path.name for path in (ROOT / "stages").iterdir() if any(path.glob("*.py"))}
    assert folders == set(ROOMS)


@pytest.mark.parametrize("module", sorted(FILES))
def test_imports_descend(module: str) -> None:
    for other in GRAPH[module]:
        same_room = level(module) == level(other) != LEVELS.index("stages")
        assert level(other) < level(module) or same_room, f"{module} imports {other}"


def test_no_import_circle() -> None:
    packages = {module for module, path in FILES.items() if path.name == "__init__.py"}
    graph = {m: found - packages for m, found in GRAPH.items() if m not in packages}
    list(TopologicalSorter(graph).static_order())  # raises CycleError naming the circle


def test_no_two_modules_of_one_name() -> None:
    names = Counter(path.stem for path in FILES.values())
    twice = {name for name, count in names.items() if count > 1} - {"__init__"}
    methods = {path.stem for path in (ROOT / "stages").glob("*/*.py")} & set(STAGES)
    assert twice <= methods, f"two modules of one name: {sorted(twice - methods)}"


@pytest.mark.parametrize("module", sorted(FILES))
def test_no_function_is_named_by_a_bare_participle(module: str) -> None:
    functions = [n for n in ast.walk(TREES[module]) if isinstance(n, ast.FunctionDef)]
    names = {node.name.strip("_") for node in functions}
    bare = {n for n in names if IRREGULAR.fullmatch(n) or re.fullmatch("[a-z]+ed", n)}
    assert bare <= VERBS


@pytest.mark.parametrize("module", sorted(m for m in FILES if m.startswith("stages")))
def test_words_of_many_meanings_name_nothing(module: str) -> None:
    """A turn is an iteration, a place an index, a part a share or a piece, `by` a method."""
    names = {
        getattr(node, field)
        for node in ast.walk(TREES[module])
        for kind, field in ((ast.arg, "arg"), (ast.Name, "id"), (ast.FunctionDef, "name"))
        if isinstance(node, kind)
    }
    assert not names & {"turn", "place", "part", "by"}

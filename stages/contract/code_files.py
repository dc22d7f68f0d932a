"""Which code each stage can run: what DVC tracks of it.

inputs/STAGE/code.txt lists the files that STAGE's module can reach by its imports, each with a
digest of its text without comments. DVC tracks that one list: a stage has one dependency instead of
forty, its lock stays short, and a comment makes nothing run again.
"""

import ast
import hashlib
import io
import re
import tokenize
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from stages.pipeline.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
LIST = "code.txt"  # in each stage's folder of inputs/
STATEMENTS = (ast.Expr, ast.Assign)  # a package of these alone holds no code


def list_code(stages: Iterable[Stage], out: Path) -> None:
    """Writes out/STAGE/code.txt for each stage: lines of path and digest, sorted by path."""
    for stage in stages:
        folder = out / stage.name
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"{path} {_digest(path)}\n" for path in code_of(stage)]
        (folder / LIST).write_text("".join(lines))


def code_of(stage: Stage) -> list[str]:
    """Paths of what a stage can run, below the root: modules, and all that is in their rooms."""
    modules = closure(Path("stages", f"{stage.name}.py"))
    rooms = {Path(module).parent for module in modules if Path(module).parts[0] == "stages"}
    rooms.discard(Path("stages"))
    return sorted(modules | {name for room in rooms for name in _other_files(room)})


@cache
def _other_files(room: Path) -> list[str]:
    """Queries, templates and the like in a room."""
    files = (path for path in (ROOT / room).rglob("*") if path.is_file())
    paths = [path.relative_to(ROOT) for path in files]
    return [str(p) for p in paths if p.suffix not in (".py", ".pyc")]


@cache
def _digest(path: str) -> str:
    content = (ROOT / path).read_bytes()
    if path.endswith(".py"):
        content = without_comments(content.decode()).encode()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def without_comments(source: str) -> str:
    """Python code without its comments, and without the lines that hold nothing else."""
    if "#" not in source:
        return source
    lines = io.StringIO(source).readlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            before = lines[row - 1][:column].rstrip()
            lines[row - 1] = f"{before}\n" if before else ""
    return "".join(lines)


def closure(module: Path) -> set[str]:
    """Project files whose code a module can run, function-level imports included."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        path = waiting.pop()
        if str(path) in found:
            continue
        has_code, named = _content(path)
        if has_code or path.name != "__init__.py":
            found.add(str(path))
        waiting += named
    return found


@cache
def _content(path: Path) -> tuple[bool, list[Path]]:
    """Whether a module holds code, and the project files that it names. Most serve many stages."""
    tree = ast.parse((ROOT / path).read_text())
    named: list[Path] = []
    for node in ast.walk(tree):
        named += [file for name in _imports(node) if (file := _file(name))]
        named += _modules_of_package(node)
    return not all(isinstance(node, STATEMENTS) for node in tree.body), named


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _modules_of_package(node: ast.AST) -> list[Path]:
    """Where a string names a package of methods, its modules: one of them is loaded by name."""
    if not isinstance(node, ast.Constant) or not re.fullmatch(r"stages(\.\w+)+", str(node.value)):
        return []
    folder = ROOT.joinpath(*str(node.value).split("."))
    return [path.relative_to(ROOT) for path in sorted(folder.glob("*.py"))]


@cache
def _file(name: str) -> Path | None:
    if name.split(".")[0] not in ("stages", "schemas"):
        return None
    path = Path(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if (ROOT / candidate).exists():
            return candidate
    return None

"""What dvc.yaml, stages/dvc.yaml and params.yaml must say, by declarations, imports and conf/."""

import ast
import inspect
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from schemas import store
from schemas.catalog import TABLES
from schemas.costs import Costs
from stages.contract.stage_list import SCALARS, STAGES, load_stages
from stages.pipeline import loop
from stages.pipeline.compose import compose_conf
from stages.pipeline.inputs import INPUTS, Loaded, TableAt
from stages.pipeline.params import Section
from stages.pipeline.stage import Stage
from stages.results import plots

ROOT = Path(__file__).resolve().parents[2]
WHOLE_ROOMS = [
    f"stages/{room}" for room in ("pipeline", "tasks", "engines", "grading", "measures", "results")
]
ONCE = ["check", "prepare", "base", "simulator", "sft", "report"]
OF_MODELS = ("evaluate", "review")  # of each model, M₀ too; all others are of a turn of the loop
TURNS = {"select": "select.turns"}  # not of every run: the parameter that has its turns
HEADER = "# Written by `make contract` from the stages' declarations; a test compares.\n"
STATEMENTS = (ast.Expr, ast.Assign)  # a package of these alone holds no code
KEY, PREVIOUS = 7001, 7000  # stand-ins for the iteration while paths are made


class Plain(yaml.SafeDumper):  # type: ignore[misc]
    """Writes equal values out in full instead of as anchors, and what is short in one line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
        short = all(isinstance(value, int) for value in mapping.values())
        return super().represent_mapping(tag, mapping, short or flow_style)

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        short = all(isinstance(value, str) and "/" not in value for value in sequence)
        return super().represent_sequence(tag, sequence, short or flow_style)


def closure(module: Path) -> set[str]:
    """Project files whose code a module can run, function-level imports included."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        path = waiting.pop()
        if str(path) in found:
            continue
        has_code, named = _content((ROOT / path).read_text())
        if has_code or path.name != "__init__.py":
            found.add(str(path))
        waiting += named
    return found


@cache
def _content(source: str) -> tuple[bool, list[Path]]:
    """Whether a module holds code, and the project files that it names. Most serve many stages."""
    tree = ast.parse(source)
    named: list[Path] = []
    for node in ast.walk(tree):
        named += [path for name in _imports(node) if (path := _file(name))]
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


def _file(name: str) -> Path | None:
    if name.split(".")[0] not in ("stages", "schemas"):
        return None
    path = Path(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if (ROOT / candidate).exists():
            return candidate
    return None


def code(stage: Stage) -> list[str]:
    """Code dependencies: files, or a folder of which all is used, or that is one thing."""
    files = closure(Path("stages", f"{stage.name}.py"))
    whole = {room for room in WHOLE_ROOMS if any(file.startswith(f"{room}/") for file in files)}
    folders = {folder for file in files for folder in Path(file).parents[:-2]}
    whole |= {str(folder) for folder in folders if _code_of(folder) <= files}
    inside = tuple(f"{folder}/" for folder in whole)
    return sorted(name for name in {*whole, *files} if not name.startswith(inside))


def _code_of(folder: Path) -> set[str]:
    files = (ROOT / folder).rglob("*.py")
    return {str(path.relative_to(ROOT)) for path in files if path.name != "__init__.py"}


def _path(table_at: TableAt, stage: Stage, written: bool, once: bool) -> str:
    iteration = 0 if once else KEY
    values = stage.partition(table_at, iteration) if written else table_at.partition(iteration)
    return _template(str(store.folder(table_at.table, **values)))


def _template(path: str) -> str:
    return path.replace(f"={KEY}", "=${key}").replace(f"={PREVIOUS}", "=${item.prev}")


def _folders(models: Mapping[str, Loaded]) -> list[Any]:
    """The folders loaded or made, in DVC's form."""
    paths = {_template(model.folder(KEY, PREVIOUS)): model for model in models.values()}
    return [path if model.cached else {path: {"cache": False}} for path, model in paths.items()]


def _local_files(stage: Stage) -> list[str]:
    """The folder of links to what the stage opens."""
    return [f"{INPUTS}/{stage.name}"] if stage.opens else []


def parameters(stage: Stage) -> list[Any]:
    """Sections read; the seed too where the stage asks for its turn."""
    if stage.name == "check":
        return [{"params.yaml": None}]
    sections = stage.inputs.sections.values()
    names = sorted({name for section in sections for name in _names_in(section)})
    return names + (["seed"] if stage.inputs.runs else [])


def _names_in(section: type[Section]) -> list[str]:
    """The section, or its settings without those that change no result."""
    if not section.idle:
        return [section.section]
    names = section.model_fields.keys() - section.idle
    return [f"{section.section}.{name}" for name in names]


def _sections(stage: Stage) -> set[str]:
    return {section.section for section in stage.inputs.sections.values()}


def _tables_read(stage: Stage) -> list[TableAt]:
    return [*stage.waits_for, *stage.inputs.tables.values()]


def entry(stage: Stage) -> dict[str, Any]:
    """One stage of dvc.yaml."""
    once = stage.name in ONCE
    argument = "" if once else " --iteration ${key}"
    costs: dict[str, int | str] = {"iteration": 0 if once else KEY, "stage": stage.name}
    tables = [_path(table_at, stage, False, once) for table_at in _tables_read(stage)]
    outs = [_path(table_at, stage, True, once) for table_at in stage.writes]
    return {
        "desc": (inspect.getdoc(stage.function) or "").split("\n")[0],
        "cmd": f"python -m stages.{stage.name}{argument}",
        "params": parameters(stage),
        "deps": [*tables, *_folders(stage.inputs.models), *_local_files(stage), *code(stage)],
        "outs": [*outs, *_folders(stage.inputs.made), _template(str(store.folder(Costs, **costs)))],
    }


def _loop_entry(stage: Stage) -> dict[str, Any]:
    """A stage of stages/dvc.yaml, for each turn (key → previous) or each model (a list)."""
    once_each = {"wdir": "..", **entry(stage)}
    if stage.name not in OF_MODELS:
        turns = TURNS.get(stage.name, f"{loop.SECTION}.turns")
        return {"foreach": f"${{{turns}}}", "do": once_each}
    text = yaml.safe_dump(once_each, sort_keys=False).replace("${key}", "${item}")
    return {"foreach": f"${{{loop.SECTION}.models}}", "do": yaml.safe_load(text)}


def report_entry(stage: Stage) -> dict[str, Any]:
    """The report: it waits for the last iteration and everything that led to it."""
    last, in_git = "iteration=${iteration}", {"cache": False}
    some = [at.table for other in load_stages() if other.name in TURNS for at in other.writes]
    tables = [t for t in TABLES if "iteration" in t.partitions and t not in some]
    made = entry(stage)
    return {
        "desc": made["desc"],
        "cmd": made["cmd"],
        "params": sorted({*_sections(stage), *SCALARS}),
        "deps": [
            "schemas",
            "conf",  # the page says what differs from the defaults
            "data/settings",
            "data/problems",
            *(f"{store.folder(table)}/{last}" for table in tables),
            f"models/{last}",
            *(file for file in code(stage) if not file.startswith("schemas/")),
        ],
        "outs": [{str(out): in_git} for out in ("report.html", "metrics.json", plots.FOLDER)],
        "metrics": [{"scores.json": in_git}],
    }


def documents() -> dict[str, dict[str, Any]]:
    """File name → content of both DVC files."""
    stages = {stage.name: stage for stage in load_stages()}
    top = {name: entry(stages[name]) for name in ONCE if name != "report"}
    top["report"] = report_entry(stages["report"])
    loops = {}
    for name in [name for name in STAGES if name not in ONCE]:
        loops[name] = _loop_entry(stages[name])
    return {
        "dvc.yaml": {"stages": top, "plots": plots.declarations()},
        "stages/dvc.yaml": {"vars": ["../params.yaml"], "stages": loops},
    }


def text(document: dict[str, Any]) -> str:
    """A DVC file as it is written."""
    return HEADER + str(yaml.dump(document, Dumper=Plain, sort_keys=False, width=100))


def params(*overrides: str) -> str:
    """params.yaml as `dvc exp run -S OVERRIDE` composes it from conf/."""
    return str(yaml.safe_dump(parameter_values(*overrides), sort_keys=False))


def parameter_values(*overrides: str) -> dict[str, Any]:
    """The values that params.yaml has after these overrides, right or wrong."""
    return compose_conf(ROOT / "conf", overrides)

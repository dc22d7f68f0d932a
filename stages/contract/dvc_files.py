"""What the DVC files and params.yaml must say, by declarations, imports and conf/."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from schemas import store
from schemas.catalog import TABLES
from schemas.costs import Costs
from stages.contract.stage_list import DVC_FILES, SCALARS, STAGES, TOP, load_stages
from stages.pipeline import loop
from stages.pipeline.compose import compose_conf
from stages.pipeline.inputs import INPUTS, Loaded, TableAt
from stages.pipeline.params import Section
from stages.pipeline.stage import Stage
from stages.results import plots

ROOT = Path(__file__).resolve().parents[2]
ONCE = [name for name, file in STAGES.items() if file == TOP]
OF_MODELS = ("evaluate", "review")  # of each model, M₀ too; all others are of a turn of the loop
TURNS = {"select": "select.turns"}  # not of every run: the parameter that has its turns
HEADER = "# Written by `make contract` from the stages' declarations; a test compares.\n"
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


def _inputs(stage: Stage) -> list[str]:
    """What `check` gathered for the stage; for `check` itself, what it gathers from."""
    if stage.name != "check":
        return [f"{INPUTS}/{stage.name}"]
    return ["params.yaml", "schemas", "stages"]


def parameters(stage: Stage) -> list[Any]:
    """Sections read; the seed too where the stage asks for its turn."""
    if stage.name == "check":  # depends on the file: a list of all values would fill the lock file
        return []
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
    content = {
        "desc": (inspect.getdoc(stage.function) or "").split("\n")[0],
        "cmd": f"python -m stages.{stage.name}{argument}",
        "params": parameters(stage),
        "deps": [*tables, *_folders(stage.inputs.models), *_inputs(stage)],
        "outs": [*outs, *_folders(stage.inputs.made), _template(str(store.folder(Costs, **costs)))],
    }
    return {name: value for name, value in content.items() if value}


def _loop_entry(stage: Stage) -> dict[str, Any]:
    """A stage of the loop, for each turn (key → previous) or each model (a list)."""
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
            *_inputs(stage),
        ],
        "outs": [{str(out): in_git} for out in ("report.html", "metrics.json", plots.FOLDER)],
        "metrics": [{"scores.json": in_git}],
    }


def documents() -> dict[str, dict[str, Any]]:
    """File name → content of the DVC files."""
    stages = {stage.name: stage for stage in load_stages()}
    top = {name: entry(stages[name]) for name in ONCE if name != "report"}
    top["report"] = report_entry(stages["report"])
    loops = {
        file: {
            "vars": ["../params.yaml"],
            "stages": {name: _loop_entry(stages[name]) for name in STAGES if STAGES[name] == file},
        }
        for file in DVC_FILES
        if file != TOP
    }
    return {TOP: {"stages": top, "plots": plots.declarations()}, **loops}


def text(document: dict[str, Any]) -> str:
    """A DVC file as it is written."""
    return HEADER + str(yaml.dump(document, Dumper=Plain, sort_keys=False, width=100))


def params(*overrides: str) -> str:
    """params.yaml as `dvc exp run -S OVERRIDE` composes it from conf/."""
    return str(yaml.safe_dump(parameter_values(*overrides), sort_keys=False))


def parameter_values(*overrides: str) -> dict[str, Any]:
    """The values that params.yaml has after these overrides, right or wrong."""
    return compose_conf(ROOT / "conf", overrides)

"""The stages in the order of the loop, each with its DVC file, and the sections that they read.

The loop has several DVC files because DVC writes a whole lock file anew after each stage.
"""

from importlib import import_module

from stages.pipeline.loop import LONGEST
from stages.pipeline.params import Section
from stages.pipeline.stage import Stage

TOP = "dvc.yaml"  # of stages that run once; the others are for each turn of the loop
STAGES = {
    "check": TOP,
    "prepare": TOP,
    "base": TOP,
    "simulator": TOP,
    "sft": TOP,
    "sample": "data/dvc.yaml",
    "grade": "data/dvc.yaml",
    "guide": "data/dvc.yaml",
    "dedup": "data/dvc.yaml",
    "perplexity": "measured/dvc.yaml",
    "label": "data/dvc.yaml",
    "correct": "data/dvc.yaml",
    "verifier": "models/dvc.yaml",
    "score": "data/dvc.yaml",
    "pair": "data/dvc.yaml",
    "align": "models/dvc.yaml",
    "select": "models/dvc.yaml",
    "evaluate": "measured/dvc.yaml",
    "review": "measured/dvc.yaml",
    "stats": "measured/dvc.yaml",
    "report": TOP,
}
DVC_FILES = list(dict.fromkeys(STAGES.values()))
DVC_LOCKS = [name.replace(".yaml", ".lock") for name in DVC_FILES]
LARGEST = 2**31 - 1
SCALARS = {"iteration": (1, LONGEST), "seed": (0, LARGEST), "max_length": (8, LARGEST)}


def load_stages() -> list[Stage]:
    """Every stage, in the order of the loop."""
    return [getattr(import_module(f"stages.{name}"), name) for name in STAGES]


def sections() -> dict[str, type[Section]]:
    """Section name → the class that reads it."""
    return {s.section: s for stage in load_stages() for s in stage.inputs.sections.values()}

"""The stages in the order of the loop, and the sections of params.yaml that they read."""

from importlib import import_module

from stages.pipeline.loop import LONGEST
from stages.pipeline.params import Section
from stages.pipeline.stage import Stage

STAGES = [
    "check",
    "prepare",
    "base",
    "simulator",
    "sft",
    "sample",
    "grade",
    "guide",
    "dedup",
    "perplexity",
    "label",
    "correct",
    "verifier",
    "score",
    "pair",
    "align",
    "select",
    "evaluate",
    "review",
    "stats",
    "report",
]
LARGEST = 2**31 - 1
SCALARS = {"iteration": (1, LONGEST), "seed": (0, LARGEST), "max_length": (8, LARGEST)}


def load_stages() -> list[Stage]:
    """Every stage, in the order of the loop."""
    return [getattr(import_module(f"stages.{name}"), name) for name in STAGES]


def sections() -> dict[str, type[Section]]:
    """Section name → the class that reads it."""
    return {s.section: s for stage in load_stages() for s in stage.inputs.sections.values()}

"""Paths for a judge, and replies of one."""

import json
from typing import Any

import polars as pl

from schemas.paths import Paths
from schemas.problems import Problems
from stages.engines.chat_sampler import ChatSampler
from stages.feedback.step_judge import RIGHT, WRONG, Decisions, judge_steps
from stages.pipeline.stage_run import StageRun
from tests.fakes.chat_server import ChatServer
from tests.fakes.small_settings import judge_settings

KEY = "sk-test-0123456789abcdef"
PROBLEMS = pl.DataFrame(
    [
        {
            "problem_id": f"p{n}",
            "source": "toy",
            "split": "train",
            "kind": "math",
            "question": f"Question {n}?",
            "prompt": f"Question {n}?\n",
            "answer": f"{n}",
            "rationale": ["Think.\n", f"#### {n}"] if n % 2 else [],
            "demonstrated": False,
            "options": [],
            "tests": [],
            "given": "",
            "level": 1,
            "subject": None,
        }
        for n in range(4)
    ],
    schema=Problems.polars_schema(),
)
PATHS = pl.DataFrame(
    [
        {
            "path_id": f"path{n}",
            "problem_id": f"p{n}",
            "made_in": 1,
            "sample_ids": [f"s{n}"],
            "steps": ["First.\n", "Second.\n", f"#### {n}"],
            "fingerprint": f"f{n}",
            "correct": n < 2,
            "kept": True,
            "duplicate_of": None,
            "truth": None,
        }
        for n in range(4)
    ],
    schema=Paths.stored_schema(),
)


def decision(step: int, verdict: str = RIGHT, **more: Any) -> dict[str, Any]:
    return {"step": step, "reflection": f"On {step}.", "decision": verdict} | more


GOOD = json.dumps([decision(1), decision(2, WRONG), decision(3)])


def ask(chat: ChatServer, paths: pl.DataFrame = PATHS, **changes: object) -> Any:
    """(labels, rejects) of the paths, through a drawer of its own."""
    settings = judge_settings(url=chat.url, **changes)
    schema = settings.schema_of(Decisions.schema_for_server())
    return judge_steps(ChatSampler(settings, StageRun(1, 0), schema), paths, PROBLEMS, settings)

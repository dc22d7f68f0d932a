"""A run's evaluation suites as tasks of lm-evaluation-harness, graded as the run grades.

The tasks' folder has a YAML file and a file of rows for each suite, and one module of functions,
which needs Ratchet installed beside lm-eval.
"""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from schemas import store, views
from schemas.errors import RatchetError
from stages.explore.export.card_facts import RunFacts
from stages.explore.export.dataset_folder import claim
from stages.explore.export.prompt_texts import form_of
from stages.grading.grade_frame import Grader, GradeSettings
from stages.grading.kinds import cut_after_solution
from stages.grading.reference import Reference
from stages.models.prompt_form import NEXT_QUESTION, PromptForm
from stages.pipeline.params import parse

FUNCTIONS = "ratchet_suite.py"
MODULE = '''"""Written by `ratchet export --lm-eval`; it needs Ratchet installed beside lm-eval."""

from pathlib import Path

from stages.explore.export.lm_eval_tasks import grade_reply, read_suite

GRADE = {grade!r}


def rows(suite, **_):
    """The problems of a suite."""
    return read_suite(Path(__file__).parent / f"{{suite}}.jsonl")


def process_results(doc, results):
    """Whether the reply is right, as the run's own evaluation says."""
    return {{"acc": float(grade_reply(GRADE, doc, results[0]))}}
'''
SUITES = """
    select source as suite, problem_id, prompt, kind, answer, options, tests, given
    from problems
    where split = 'test'
    order by source, problem_id
"""
README = """# {suites}

The evaluation suites of {recipe} on {task} as tasks of lm-evaluation-harness, graded by Ratchet
(install it beside `lm_eval`). Models are asked through their chat template, as
`ratchet export model` writes it:

    lm_eval --model hf --model_args pretrained={model} \\
            --include_path {folder} --tasks {tasks} \\
            --apply_chat_template --batch_size 16

Answers are greedy, of at most {max_tokens} tokens. `acc` is the accuracy that `ratchet sql "from
accuracy where mode = 'greedy'"` shows over all levels.
"""


def write_tasks(connection: Any, facts: RunFacts, folder: Path, model: str) -> list[str]:
    """Writes the tasks' folder; returns their names. Raises RatchetError without test problems."""
    rows = views.ask(connection, SUITES)
    suites = list(dict.fromkeys(row["suite"] for row in rows))
    if not suites:
        raise RatchetError("the run has no test problems: there is no suite to write")
    names = {suite: f"ratchet_{re.sub('[^a-z0-9]+', '_', suite.lower())}" for suite in suites}
    files = {f"{name}.{ending}" for name in names.values() for ending in ("yaml", "jsonl")}
    claim(folder, {*files, FUNCTIONS, "README.md", "__pycache__"})
    folder.mkdir(parents=True, exist_ok=True)
    form, evaluate = form_of(facts.params), facts.params.get("evaluate", {})
    max_tokens = int(evaluate.get("max_tokens", 512))
    for suite, name in names.items():
        own = [_document(row, form) for row in rows if row["suite"] == suite]
        lines = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in own)
        store.write_text(folder / f"{name}.jsonl", lines)
        task = _task(name, _stops(facts.params, form), max_tokens)
        store.write_text(folder / f"{name}.yaml", task)
    grade = parse(GradeSettings, facts.params).model_dump(mode="json")
    store.write_text(folder / FUNCTIONS, MODULE.format(grade=grade))
    text = README.format(
        suites=", ".join(suites),
        recipe=facts.recipe,
        task=facts.task,
        model=model,
        folder=folder,
        tasks=",".join(names.values()),
        max_tokens=max_tokens,
    )
    store.write_text(folder / "README.md", text)
    return list(names.values())


def _document(row: dict[str, Any], form: PromptForm) -> dict[str, Any]:
    """A problem with what a user says: in a chat the question, else the whole prompt."""
    said = form.messages(row["prompt"])[-1]["content"] if form.kind == "chat" else row["prompt"]
    if form.kind == "chat" and form.instruction:  # the template adds it
        said = said.removesuffix(f"\n\n{form.instruction}")
    return {**row, "prompt": said}


def _stops(params: dict[str, Any], form: PromptForm) -> list[str]:
    given = params.get("model", {}).get("stop")
    return given if given is not None else [] if form.kind == "chat" else list(NEXT_QUESTION)


def _task(name: str, until: list[str], max_tokens: int) -> str:
    """A task of lm-evaluation-harness."""
    module = FUNCTIONS.removesuffix(".py")
    settings = {
        "task": name,
        "tag": "ratchet",
        "dataset_path": "json",
        "custom_dataset": f"!function {module}.rows",
        "dataset_kwargs": {"suite": name},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{answer}}",
        "process_results": f"!function {module}.process_results",
        "generation_kwargs": {"until": until, "do_sample": False, "max_gen_toks": max_tokens},
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 1.0},
    }
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    return re.sub(r"'(!function [^']*)'", r"\1", text)


def read_suite(file: Path) -> Any:
    """The rows of a suite as the harness reads them: a dataset with one split."""
    from datasets import Dataset, DatasetDict

    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return DatasetDict({"test": Dataset.from_list(rows)})


def grade_reply(grade: dict[str, Any], problem: dict[str, Any], reply: str) -> bool:
    """Whether a reply is right, as section `grade` of a run says."""
    settings = GradeSettings.model_validate(grade)
    text = cut_after_solution(problem["kind"], reply)
    options, tests = (tuple(problem[name] or ()) for name in ("options", "tests"))
    reference = Reference(problem["answer"], options, tests, problem["given"])
    (both,) = Grader(settings)([(problem["kind"], reference, text)])
    return both.verdict_of(settings.extract).outcome == "correct"

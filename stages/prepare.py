"""prepare: source rows → problems, and the tables that iteration 1 finds behind it.

Training problems whose question is also one of an evaluation suite are removed (Step-KTO §6:
lower-case, strip non-alphanumerics, drop exact matches). Rows that cannot be used become rejects.
The gold rationales of the demonstrated problems are D0, the training rows of iteration 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import polars as pl

from schemas.checkpoint_scores import CheckpointScores
from schemas.coverage import Coverage
from schemas.errors import RatchetError
from schemas.examples import Examples
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.progress import Progress
from schemas.rejects import Rejects
from schemas.reveals import Reveals
from schemas.rollouts import Rollouts
from schemas.sources import Sources
from schemas.step_labels import StepLabels
from stages.grading.misuse import gold_warning
from stages.grading.reference import Reference
from stages.models.hub_revision import source_row
from stages.pipeline.digests import digest
from stages.pipeline.inputs import once
from stages.pipeline.notes import print_note
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.tasks.task import Fault, Problem, TaskSettings, load_task
from stages.training.training_settings import SelectSettings
from stages.training_rows.gold_rows import gold_rows

MAX_GOLD_CHECKED = 500


def separate_rejects(
    items: Iterable[Problem | Fault], source: str
) -> tuple[list[dict[str, object]], list[dict[str, str]]]:
    """(rows of problems, rows of rejects); a repeated id is a reject.

    `source` is that of problems whose task names none.
    """
    problems: dict[str, dict[str, object]] = {}
    rejects = []
    for number, item in enumerate(items):
        if isinstance(item, Fault):
            rejects.append(_reject(item.location, item.reason, item.content))
            continue
        row = asdict(item)
        suite = item.source or source
        name = item.problem_id or f"{suite}-{item.split}-{number:05d}"
        if name in problems:
            rejects.append(_reject(item.location, f"repeats id {name}", item.question))
            continue
        domain = (item.domain or "in") if item.split == "test" else None
        problems[name] = {**row, "problem_id": name, "source": suite, "domain": domain}
    return list(problems.values()), rejects


def contaminated_problems(problems: pl.DataFrame) -> pl.DataFrame:
    """Training problems that an evaluation suite asks too: problem_id, test_id, question."""
    plain = problems.with_columns(
        plain=pl.col("question").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")
    )
    asked = plain.filter(pl.col("split") == "test").select("plain", test_id="problem_id")
    train = plain.filter(pl.col("split") == "train")
    return (
        train.join(asked.unique("plain", keep="first", maintain_order=True), on="plain")
        .select("problem_id", "test_id", "question")
        .sort("problem_id")
    )


def hold_out(problems: pl.DataFrame, n_problems: int, seed: int) -> pl.DataFrame:
    """Problems of which that many for training, drawn at random, now have the split dev.

    The forms of one problem stay together, and count as many. Raises RatchetError if no problem
    would be left to train on.
    """
    group = pl.coalesce("form_of", "problem_id")
    order = group.map_elements(lambda name: digest("dev", seed, name), pl.String)
    train = problems.filter(pl.col("split") == "train").sort(order, "problem_id")
    if n_problems >= train.height:
        raise RatchetError(
            f"select.n_problems={n_problems} leaves none of {train.height} training problems to "
            "train on: set it lower, or -S select=last"
        )
    first = train.head(n_problems).select(group.unique()).to_series()
    dev = (pl.col("split") == "train") & group.is_in(first.implode())
    return problems.with_columns(
        split=pl.when(dev).then(pl.lit("dev")).otherwise("split").cast(problems.schema["split"]),
        demonstrated=pl.col("demonstrated") & ~dev,
    )


@stage(
    writes=[
        once(Problems),
        once(Sources),
        once(Rejects),
        once(Examples),
        once(Paths),
        once(StepLabels),
        once(Rollouts),
        once(Coverage),
        once(Progress),
        once(Reveals),
        once(CheckpointScores),
    ],
    waits_for=[once(Rejects, stage="check")],
    opens=["task.train", "task.test"],
)
def prepare(
    task: TaskSettings,
    select: SelectSettings,
    stage_run: StageRun,
) -> dict[str, pl.DataFrame]:
    """Loads the task's problems, sets unusable rows aside and opens iteration 0."""
    rows, faults = separate_rejects(load_task(task.name).problems(task, stage_run.seed), task.name)
    problems = pl.DataFrame(rows, schema=Problems.polars_schema())
    _require_problems(problems, faults, "train")
    leaked = contaminated_problems(problems)
    problems = problems.join(leaked, on="problem_id", how="anti")
    faults += [
        _reject(r["problem_id"], f"its question is also {r['test_id']}'s", r["question"])
        for r in leaked.to_dicts()
    ]
    _require_problems(problems, faults, "train")
    if select.measures:
        problems = hold_out(problems, select.n_problems, stage_run.seed)
    demonstrated = problems.filter("demonstrated")
    if warning := gold_warning(_own_rationales(demonstrated)):
        print_note("prepare", warning)
    examples = gold_rows(demonstrated, made_in=0)
    commits = load_task(task.name).commits(task)
    read = [source_row(name, *found) for name, found in commits.items()]
    return {
        "problems": problems,
        "sources": pl.concat([pl.DataFrame(schema=Sources.stored_schema()), *read]),
        "rejects": pl.DataFrame(faults, schema=Rejects.stored_schema()),
        "examples": examples,
        "paths": Paths.create_empty(),
        "step_labels": StepLabels.create_empty(),
        "rollouts": Rollouts.create_empty(),
        "coverage": Coverage.create_empty(),
        "progress": _initial_progress(problems, examples),
        "reveals": Reveals.create_empty(),
        "checkpoint_scores": CheckpointScores.create_empty(),
    }


def _own_rationales(problems: pl.DataFrame) -> list[tuple[str, Reference, str]]:
    """(kind, reference, rationale) of the first demonstrated problems."""
    columns = ("kind", "answer", "options", "tests", "given", "rationale")
    return [
        (kind, Reference(answer, tuple(options), tuple(tests), given), "".join(steps))
        for kind, answer, options, tests, given, steps in problems.head(MAX_GOLD_CHECKED)
        .select(*columns)
        .rows()
    ]


def _initial_progress(problems: pl.DataFrame, examples: pl.DataFrame) -> pl.DataFrame:
    """Iteration 0 of `progress`: nothing drawn yet, D0 to train on."""
    zeros = {name: 0 for name in Progress.column_names() if name.startswith("n_")}
    lineage = digest(*problems["problem_id"], *examples["example_id"])
    row = zeros | {"n_examples": examples.height, "lineage": lineage}
    return pl.DataFrame([row | {"coverage": 0.0, "coverage_so_far": None}])


def _require_problems(problems: pl.DataFrame, faults: Sequence[dict[str, str]], split: str) -> None:
    if problems.filter(pl.col("split") == split).is_empty():
        first = f"; the first reject: {faults[0]['item']} {faults[0]['reason']}" if faults else ""
        raise RatchetError(f"task.{split} has no usable problem ({len(faults)} rejects{first})")


def _reject(item: str, reason: str, content: str) -> dict[str, str]:
    return {"item": item, "reason": reason, "content": content[:500]}


if __name__ == "__main__":
    prepare.main()

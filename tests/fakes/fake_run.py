"""A small run, planted: what the stages would have left on disk, without running them.

Five levels, four training and four test problems each, four unguided draws a problem and an
iteration, two guided ones for the hardest level. Everything follows from the seed.
"""

import json
import os
import random
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from schemas import catalog, store
from schemas.duels import ASPECTS
from schemas.progress import Progress
from stages.measures.database import open_statistics
from stages.pipeline.digests import digest
from tests.fakes.fake_iteration import (
    NASTY,
    Rows,
    Tables,
    add_corrections,
    add_coverage,
    add_draw,
    add_paths,
    add_perplexities,
    add_rollouts,
    add_training_rows,
)

LEVELS = range(1, 6)
K = 4


def plant(root: Path, iterations: int = 2, evaluated: bool = True) -> None:
    """Writes params.yaml and data/ of a run with this many iterations."""
    shutil.copytree(_template(iterations, evaluated).name, root, dirs_exist_ok=True)


@cache
def _template(iterations: int, evaluated: bool) -> "tempfile.TemporaryDirectory[str]":
    """The run itself, made once a process; it goes when the process ends."""
    root, here = tempfile.TemporaryDirectory(), Path.cwd()
    os.chdir(root.name)
    try:
        params = {
            "iteration": iterations,
            "seed": 0,
            "run": {"recipe": "sipf", "task": "toy", "model": "tiny" if evaluated else "none"},
            "report": {"title": "Planted <run>"},
        }
        Path("params.yaml").write_text(json.dumps(params))
        rng = random.Random(0)
        problems = [
            _problem(level, n, s) for s in ("train", "test") for level in LEVELS for n in range(4)
        ]
        _write("problems", problems)
        _write("settings", [{"section": "run", "name": "recipe", "value": '"sipf"'}])
        _write("sources", [{"stage": "base", "setting": "model.source", "source": "a/b",
                            "hub_commit": "0" * 40}])  # fmt: skip
        history: Tables = {"pairs": [], "examples": []}
        for iteration in range(iterations + 1):
            tables = (
                _opening(problems) if iteration == 0 else _turn(problems, iteration, rng, history)
            )
            if evaluated:
                tables["evaluations"] = _evaluate(problems, iteration, rng)
                tables |= _review(tables["evaluations"], iteration)
            for noun, rows in tables.items():
                _write(noun, rows, iteration)
            if iteration:
                _sum_up(iteration)
    finally:
        os.chdir(here)
    return root


def _write(noun: str, rows: Rows, iteration: int = 0) -> None:
    """One file per stage for the tables that several stages share."""
    table = catalog.TABLE_OF_NOUN[noun]
    schema = {name: kind for name, kind in table.polars_schema().items() if name != "iteration"}
    partition = {"iteration": iteration} if "iteration" in table.partitions else {}
    if "stage" not in table.partitions:
        frame = pl.DataFrame([{n: row.get(n) for n in schema} for row in rows], schema=schema)
        store.write(frame, table, **partition)
        return
    for stage in dict.fromkeys(row["stage"] for row in rows):
        of_stage = [{n: row.get(n) for n in schema} for row in rows if row["stage"] == stage]
        frame = pl.DataFrame(of_stage, schema=schema).drop("stage")
        store.write(frame, table, **partition, stage=stage)


def _sum_up(iteration: int) -> None:
    """The statistics that are made of the other tables, by the files that `stats` uses."""
    names = ("samples", "verdicts", "paths", "step_labels", "perplexities")
    tables = {n: store.files(catalog.TABLE_OF_NOUN[n], iteration=iteration) for n in names}
    with open_statistics(
        tables | {"problems": store.files(catalog.TABLE_OF_NOUN["problems"])}, 1.0
    ) as statistics:
        statistics.materialise("counts")
        statistics.materialise("drawn")
        for noun in ("solve_rates", "strategies", "narrowing"):
            store.write(statistics.ask(noun), catalog.TABLE_OF_NOUN[noun], iteration=iteration)


def _problem(level: int, number: int, split: str) -> dict[str, Any]:
    steps = [f"Ann: {n}+{number}={n + number}\n" for n in range(1, level + 1)]
    answer = str(level + number)
    question = f"Ann has {level} pens and buys {number}."
    return {
        "problem_id": f"toy-{split}-{level}{number:03d}",
        "source": "toy",
        "split": split,
        "domain": "in" if split == "test" else None,
        "form_of": "toy-test-5" if split == "test" and level == 5 else None,
        "kind": "math",
        "question": f"{question} {NASTY}" if number == 0 else question,
        "prompt": f"Question: {question}\nAnswer:",
        "answer": answer,
        "rationale": [*steps, f"Answer: {answer}"],
        "demonstrated": split == "train" and number == 0,
        "options": [],
        "tests": [],
        "given": "",
        "level": level,
    }


def _opening(problems: Rows) -> Tables:
    gold = [
        {"example_id": digest("gold", p["problem_id"]), "problem_id": p["problem_id"], "made_in": 0,
         "origin": "gold", "prompt": p["prompt"], "completion": "".join(p["rationale"]),
         "steps": p["rationale"], "correct": True}
        for p in problems if p["demonstrated"]
    ]  # fmt: skip
    progress = {name: 0 for name in Progress.column_names() if name.startswith("n_")}
    progress |= {"coverage": 0.0, "coverage_so_far": None, "n_examples": len(gold), "lineage": "0"}
    rejects = [
        {"stage": "prepare", "item": f"rows.jsonl:{n}", "reason": "has no answer", "content": NASTY}
        for n in range(5)
    ]
    costs = [_cost("prepare", 0.5, 0), _cost("sft", 20.0, 0), _cost("evaluate", 3.0, 0)]
    return {
        "examples": gold, "pairs": [], "coverage": [], "progress": [progress], "rejects": rejects,
        "costs": costs, "losses": _losses("sft"),
    }  # fmt: skip


def _turn(problems: Rows, iteration: int, rng: random.Random, history: Tables) -> Tables:
    train = [p for p in problems if p["split"] == "train"]
    tables: Tables = {
        noun: [] for noun in ("samples", "verdicts", "paths", "step_labels", "step_scores")
    }
    tables |= {"annotated_steps": _annotated(iteration)}
    tables |= {"corrections": [], "path_scores": [], "coverage": [], "rejects": [], "reveals": []}
    tables["rollouts"] = []
    tables["checkpoint_scores"] = [
        {"step": step, "n_problems": 20, "n_correct": 8 + step // 200, "chosen": step == 400}
        for step in (200, 400)
    ]
    for problem in train:
        drawn = [add_draw(problem, iteration, d, "unguided", rng, tables) for d in range(K)]
        guided = problem["level"] == 5
        strategies = ("answer", "state_reset") if guided else ()
        drawn += [add_draw(problem, iteration, 0, how, rng, tables) for how in strategies]
        add_paths(problem, iteration, drawn, rng, tables)
        add_corrections(problem, tables)
        if problem["level"] == 3:
            add_rollouts(problem, tables)
        add_coverage(problem, drawn, tables)
        if guided:
            reveal = {"problem_id": problem["problem_id"], "shown": 1, "tried": 2.0, "solved": 0.5}
            tables["reveals"].append(reveal)
    add_training_rows(train, iteration, tables, history)
    add_perplexities(train, tables)
    first = tables["samples"][0]["sample_id"]
    tables["rejects"] = [
        {"stage": "grade", "item": first, "reason": "timeout", "content": "x" * 300},
    ]
    tables |= {"pairs": list(history["pairs"]), "examples": list(history["examples"])}
    tables["losses"] = _losses("align")
    tables["costs"] = [
        _cost("sample", 4.0, len(tables["samples"])),
        _cost("align", 30.0 + iteration, 0),
    ]
    tables["progress"] = [_progress(tables, iteration)]
    return tables


def _evaluate(problems: Rows, iteration: int, rng: random.Random) -> Rows:
    rows = []
    for problem in (p for p in problems if p["split"] == "test"):
        for mode in ("greedy", "vote"):
            right = rng.random() < 1.0 - 0.2 * problem["level"] + 0.15 * iteration
            flawed = (rng.random() < 0.3) if right and mode == "greedy" else None
            rows.append({
                "problem_id": problem["problem_id"], "mode": mode, "suite": "toy",
                "domain": "in", "form_of": problem["form_of"],
                "level": problem["level"], "n_drawn": 1 if mode == "greedy" else 4,
                "n_correct": _n_right(problem, mode) if right else 0,
                "extracted": problem["answer"] if right else "999",
                "correct": right, "flawed": flawed, "text": "Answer", "n_tokens": 12,
                "correct_stated": right if mode == "greedy" else None,
                "correct_flexible": right or problem["level"] == 4 if mode == "greedy" else None,
            })  # fmt: skip
    return rows


def _n_right(problem: dict[str, Any], mode: str) -> int:
    return 1 if mode == "greedy" else 1 + int(problem["problem_id"][-1])


def _review(evaluations: Rows, iteration: int) -> Tables:
    """A verifier that finds a third of the answers flawed, and a judge with a taste for place A."""
    right = [row for row in evaluations if row["mode"] == "greedy" and row["correct"]]
    flaws = [
        {"problem_id": row["problem_id"], "reviewer": "verifier", "n_steps": 2,
         "first_wrong": 1 if n % 3 == 0 else -1, "probability_min": 0.3 if n % 3 == 0 else 0.8}
        for n, row in enumerate(right)
    ]  # fmt: skip
    words = {"A": ("won", "won", "lost", "tie"), "B": ("won", "lost", "lost", "tie")}
    duels = [
        {"problem_id": row["problem_id"], "aspect": aspect, "place": place, "rival": "first",
         "verdict": words[place][(n + len(aspect)) % 4]}
        for n, row in enumerate(right) for aspect in ASPECTS for place in ("A", "B")
        if iteration and (place == "A" or n != 1)
    ]  # fmt: skip
    return {"flaws": flaws, "duels": duels}


def _annotated(iteration: int) -> Rows:
    """Solutions of three steps: label, and the first step that the verifier doubts."""
    cases = [(-1, -1), (-1, 2), (0, 0), (1, 0), (2, 2), (1, -1), (2, 2)]
    return [
        {"dataset": "gsm8k", "item": f"gsm8k-{n}", "step": step, "level": 1 + n % 2,
         "sound": True if label == -1 or step < label else False if step == label else None,
         "probability": 0.4 if 0 <= found <= step else 0.7}
        for n, (label, found) in enumerate(cases[iteration:]) for step in range(3)
    ]  # fmt: skip


def _losses(stage: str) -> Rows:
    paired = stage == "align"
    return [
        {"stage": stage, "step": step, "loss": 2.0 / (1 + step / 10),
         "logprob_chosen": -0.8 + step / 100 if paired else None,
         "logprob_rejected": -0.9 - step / 50 if paired else None}
        for step in range(0, 40, 2)
    ]  # fmt: skip


def _cost(stage: str, elapsed_s: float, n_draws: int) -> dict[str, Any]:
    zeros = {
        "n_draws_reused": 0,
        "n_optimiser_steps": 0,
        "n_tokens": 30 * n_draws,
        "n_trained_tokens": 0,
    }
    return {"stage": stage, "elapsed_s": elapsed_s, "cpu_s": elapsed_s, "peak_memory_mb": 300.0,
            "n_draws": n_draws, "ended_at": "2026-11-28T13:46:24Z", "commit": "0123456789",
            "versions": "python 3.11.7, torch 2.13.0", "machine": NASTY, **zeros}  # fmt: skip


def _progress(tables: Tables, iteration: int) -> dict[str, Any]:
    coverage, pairs = tables["coverage"], tables["pairs"]
    solved = sum(row["n_correct"] > 0 for row in coverage)
    return {
        "n_problems": len(coverage), "n_solved": solved, "n_solved_ever": solved,
        "coverage": solved / len(coverage), "coverage_so_far": solved / len(coverage),
        "n_draws": len(tables["samples"]),
        "n_draws_correct": sum(row["outcome"] == "correct" for row in tables["verdicts"]),
        "n_tokens": sum(row["n_tokens"] for row in tables["samples"]),
        "n_paths": len(tables["paths"]),
        "n_paths_correct": sum(row["correct"] for row in tables["paths"]),
        "n_steps_labelled": len(tables["step_labels"]),
        "n_rollouts": sum(row["n_rollouts"] for row in tables["step_labels"]),
        "n_corrections": sum(row["correction"] is not None for row in tables["corrections"]),
        "n_pairs": len(pairs), "n_examples": len(tables["examples"]), "lineage": str(iteration),
        "n_pairs_wrong_chosen": sum(not row["chosen_correct"] for row in pairs),
    }  # fmt: skip

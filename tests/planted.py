"""A small run, planted: what the stages would have left on disk, without running them.

Five levels, four training and four test problems each, four unguided draws a problem and an
iteration, two guided ones for the hardest level. Everything follows from the seed.
"""

import json
import os
import random
from pathlib import Path
from typing import Any

import polars as pl

from schemas import catalog, store
from schemas.duels import ASPECTS
from schemas.progress import Progress
from stages.measures.database import open_statistics
from stages.pipeline.digests import digest

LEVELS = range(1, 6)
K = 4
NASTY = "5 < 6 & [bold]x[/bold] <script>alert(1)</script>"
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]


def plant(root: Path, iterations: int = 2, evaluated: bool = True) -> None:
    """Writes params.yaml and data/ of a run with so many turns of the loop."""
    here = Path.cwd()
    os.chdir(root)
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
    progress |= {"coverage": 0.0, "n_examples": len(gold), "lineage": "0"}
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
    for problem in train:
        drawn = [_draw(problem, iteration, d, "unguided", rng, tables) for d in range(K)]
        guided = problem["level"] == 5
        strategies = ("answer", "state_reset") if guided else ()
        drawn += [_draw(problem, iteration, 0, how, rng, tables) for how in strategies]
        _path(problem, iteration, drawn, rng, tables)
        _correct(problem, tables)
        if problem["level"] == 3:
            _roll_out(problem, tables)
        _cover(problem, drawn, tables)
        if guided:
            reveal = {"problem_id": problem["problem_id"], "shown": 1, "tried": 2.0, "solved": 0.5}
            tables["reveals"].append(reveal)
    _pair(train, iteration, tables, history)
    _perplex(train, tables)
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


def _draw(
    problem: dict[str, Any],
    iteration: int,
    draw: int,
    strategy: str,
    rng: random.Random,
    tables: Tables,
) -> dict[str, Any]:
    stage = "sample" if strategy == "unguided" else "guide"
    skill = 0.95 - 0.09 * problem["level"] + 0.05 * iteration
    truth = [rng.random() < skill for _ in range(problem["level"])]
    right = all(truth) or rng.random() < 0.1
    steps = [
        t if ok else t.replace("=", "=1")
        for t, ok in zip(problem["rationale"], truth, strict=False)
    ]
    extracted = problem["answer"] if right else "999"
    steps.append(f"Answer: {extracted}")
    name = digest(problem["problem_id"], iteration, strategy, draw)
    tables["samples"].append({
        "stage": stage, "sample_id": name, "problem_id": problem["problem_id"],
        "strategy": strategy, "attempt": 0, "draw": draw,
        "hint": {"answer": problem["rationale"][-1], "state_reset": steps[0]}.get(strategy),
        "revealed": 1 / len(steps) if strategy == "state_reset" else 0.0,
        "text": "".join(steps), "n_tokens": 10 * len(steps), "logprob": -3.25,
        "finish": "stop", "seed": 7, "engine": "planted 1", "model_digest": "m" * 8,
        "prompt_digest": "p" * 8, "parent": None,
        "recorded_correct": not right if draw == 3 and problem["level"] == 1 else None,
    })  # fmt: skip
    tables["verdicts"].append({
        "stage": "grade" if stage == "sample" else "guide", "sample_id": name,
        "problem_id": problem["problem_id"], "outcome": "correct" if right else "wrong",
        "extracted": extracted, "detail": "compared as text", "grader": "planted 1",
    })  # fmt: skip
    return {"sample_id": name, "steps": steps, "truth": [*truth, all(truth)], "right": right}


def _path(
    problem: dict[str, Any], iteration: int, drawn: Rows, rng: random.Random, tables: Tables
) -> None:
    """One path per distinct text; the second right one is called a duplicate of the first."""
    texts: dict[str, Rows] = {}
    for sample in drawn:
        texts.setdefault("".join(sample["steps"]), []).append(sample)
    stands: str | None = None
    for text, samples in texts.items():
        first, path_id = samples[0], digest("path", problem["problem_id"], text)
        duplicate = stands if first["right"] else None
        tables["paths"].append({
            "path_id": path_id, "problem_id": problem["problem_id"], "steps": first["steps"],
            "sample_ids": [s["sample_id"] for s in samples], "fingerprint": digest(text),
            "correct": first["right"], "kept": duplicate is None, "duplicate_of": duplicate,
            "truth": first["truth"],
        })  # fmt: skip
        if duplicate is None:
            stands = path_id if first["right"] else stands
            _judge(path_id, first["truth"], rng, tables)


def _judge(path_id: str, truth: list[bool], rng: random.Random, tables: Tables) -> None:
    chances = []
    for step, sound in enumerate(truth):
        n_correct = sum(rng.random() < (0.6 if sound else 0.1) for _ in range(4))
        unmeasured = step == 0 and len(truth) > 4
        chance = min(0.99, max(0.01, rng.gauss(0.75 if sound else 0.3, 0.2)))
        chances.append(chance)
        tables["step_labels"].append({
            "path_id": path_id, "step": step, "labeler": "rollouts",
            "n_rollouts": 0 if unmeasured else 4, "n_correct": 0 if unmeasured else n_correct,
            "n_evidence": step % 2, "stop": "inferred" if unmeasured else "all",
            "label": n_correct > 0,
        })  # fmt: skip
        tables["step_scores"].append({"path_id": path_id, "step": step, "probability": chance})
    reward = {"reward": sum(chances) / len(chances), "reward_min": min(chances)}
    tables["path_scores"].append({"path_id": path_id, "n_steps": len(truth), **reward})


def _perplex(train: Rows, tables: Tables) -> None:
    """Longer texts surprise more; a sampled one less than the gold one of as many steps."""
    texts = [("sampled", p["path_id"], p["problem_id"], p["steps"]) for p in tables["paths"]
             if p["kept"] and p["correct"]]  # fmt: skip
    texts += [("gold", p["problem_id"], p["problem_id"], p["rationale"]) for p in train]
    tables["perplexities"] = [
        {"origin": origin, "text_id": name, "problem_id": problem, "n_tokens": 10 * len(steps),
         "nll_mean": 0.1 * len(steps) + (0.2 if origin == "gold" else 0.0)}
        for origin, name, problem, steps in texts
    ]  # fmt: skip


def _correct(problem: dict[str, Any], tables: Tables) -> None:
    """The first wrong step of each kept wrong path; on odd levels no continuation is right."""
    labels = {(row["path_id"], row["step"]): row["label"] for row in tables["step_labels"]}
    for path in tables["paths"]:
        if path["problem_id"] != problem["problem_id"] or path["correct"] or not path["kept"]:
            continue
        name, steps = path["path_id"], path["steps"]
        step = next((n for n in range(len(steps)) if not labels[name, n]), None)
        if step is None:
            continue
        found = problem["level"] % 2 == 0
        tables["corrections"].append({
            "correction_id": digest("correction", name), "path_id": name,
            "problem_id": problem["problem_id"], "step": step, "prefix": "".join(steps[:step]),
            "rejected": steps[step], "rejected_ends": step == len(steps) - 1,
            "correction": f"In place of step {step}\n" if found else None,
            "correction_ends": False if found else None, "n_tries": 2 if found else 8,
        })  # fmt: skip


def _roll_out(problem: dict[str, Any], tables: Tables) -> None:
    """A rollout from the first step of each kept wrong path."""
    for path in tables["paths"]:
        if path["problem_id"] != problem["problem_id"] or path["correct"] or not path["kept"]:
            continue
        name = digest("rollout", path["path_id"])
        tables["rollouts"].append({
            "rollout_id": name, "path_id": path["path_id"], "problem_id": problem["problem_id"],
            "step": 0, "prefix": path["steps"][0], "fingerprint": digest("fingerprint", name),
            "text": f"{path['steps'][0]}Anew\nAnswer: {problem['answer']}", "draw": 1,
            "extracted": problem["answer"], "grader": "planted 1", "n_tokens": 9,
            "logprob": -1.25, "finish": "stop", "seed": 11, "engine": "planted 1",
            "model_digest": "m" * 8, "prompt_digest": "q" * 8,
        })  # fmt: skip


def _cover(problem: dict[str, Any], drawn: Rows, tables: Tables) -> None:
    n_correct = sum(sample["right"] for sample in drawn)
    tables["coverage"].append({
        "problem_id": problem["problem_id"], "level": problem["level"], "n_drawn": len(drawn),
        "n_correct": n_correct, "solve_rate": n_correct / len(drawn),
        "tail_before": n_correct < 2, "tail_after": n_correct < 1,
        "n_tokens": sum(10 * len(s["steps"]) for s in drawn), "solved_ever": n_correct > 0,
    })  # fmt: skip


def _pair(train: Rows, iteration: int, tables: Tables, history: Tables) -> None:
    """The first kept right path over the first wrong one; level 2 is paired the wrong way round.

    On level 4 wrong paths are undesired examples, and their corrected steps are pairs.
    """
    rewards = {row["path_id"]: row["reward"] for row in tables["path_scores"]}
    for problem in train:
        own = [p for p in tables["paths"] if p["problem_id"] == problem["problem_id"] and p["kept"]]
        right, wrong = ([p for p in own if p["correct"] is value] for value in (True, False))
        for path in [*right[:1], *(wrong[:1] if problem["level"] == 4 else [])]:
            _add(history["examples"], {
                "example_id": digest("example", path["path_id"]), "made_in": iteration,
                "problem_id": problem["problem_id"], "path_id": path["path_id"],
                "origin": "sampled", "prompt": problem["prompt"], "correct": path["correct"],
                "completion": "".join(path["steps"]), "steps": path["steps"],
                "step_labels": [
                    row["label"] for row in tables["step_labels"]
                    if row["path_id"] == path["path_id"]
                ],
                "reward": rewards[path["path_id"]],
            })  # fmt: skip
        if right and wrong:
            chosen, rejected = (
                (right[0], wrong[0]) if problem["level"] != 2 else (wrong[0], right[0])
            )
            _add(history["pairs"], _pair_row(problem, iteration, chosen, rejected, rewards))

    prompts = {problem["problem_id"]: problem["prompt"] for problem in train}
    for row in tables["rollouts"]:
        _add(history["examples"], {
            "example_id": digest("example", row["rollout_id"]), "made_in": iteration,
            "problem_id": row["problem_id"], "path_id": row["rollout_id"], "origin": "rollout",
            "prompt": prompts[row["problem_id"]], "completion": row["text"], "correct": True,
        })  # fmt: skip
    for row in tables["corrections"]:
        if "toy-train-4" in row["problem_id"]:
            _add(history["pairs"], _step_pair(row, iteration, prompts[row["problem_id"]]))


def _step_pair(row: dict[str, Any], iteration: int, prompt: str) -> dict[str, Any]:
    return {
        "pair_id": digest("pair", row["correction_id"], row["path_id"]), "made_in": iteration,
        "problem_id": row["problem_id"], "chosen_id": row["correction_id"],
        "rejected_id": row["path_id"], "prompt": prompt, "prefix": row["prefix"],
        "chosen": row["correction"], "chosen_ends": row["correction_ends"],
        "rejected": row["rejected"], "rejected_ends": row["rejected_ends"],
        "chosen_correct": True, "rejected_correct": False,
    }  # fmt: skip


def _add(rows: Rows, row: dict[str, Any]) -> None:
    """Adds a training row unless an earlier iteration has made it; its id is its first value."""
    name = next(iter(row))
    if row[name] not in [old[name] for old in rows]:
        rows.append(row)


def _pair_row(
    problem: dict[str, Any], iteration: int, chosen: dict[str, Any], rejected: dict[str, Any],
    rewards: dict[str, float],
) -> dict[str, Any]:  # fmt: skip
    high, low = rewards[chosen["path_id"]], rewards[rejected["path_id"]]
    return {
        "pair_id": digest("pair", chosen["path_id"], rejected["path_id"]), "made_in": iteration,
        "problem_id": problem["problem_id"], "chosen_id": chosen["path_id"],
        "rejected_id": rejected["path_id"], "prompt": problem["prompt"],
        "prefix": "", "chosen_ends": True, "rejected_ends": True,
        "chosen": "".join(chosen["steps"]), "rejected": "".join(rejected["steps"]),
        "chosen_correct": chosen["correct"], "rejected_correct": rejected["correct"],
        "chosen_reward": high, "rejected_reward": low, "margin": high - low,
    }  # fmt: skip


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
    zeros = {"n_draws_reused": 0, "n_optimiser_steps": 0, "n_tokens": 30 * n_draws}
    return {"stage": stage, "elapsed_s": elapsed_s, "cpu_s": elapsed_s, "peak_memory_mb": 300.0,
            "n_draws": n_draws, **zeros}  # fmt: skip


def _progress(tables: Tables, iteration: int) -> dict[str, Any]:
    coverage, pairs = tables["coverage"], tables["pairs"]
    solved = sum(row["n_correct"] > 0 for row in coverage)
    return {
        "n_problems": len(coverage), "n_solved": solved, "n_solved_ever": solved,
        "coverage": solved / len(coverage), "n_draws": len(tables["samples"]),
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

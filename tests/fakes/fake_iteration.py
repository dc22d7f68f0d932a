"""The draws of a planted iteration, and the rows that follow from them."""

import random
from typing import Any

from stages.pipeline.digests import digest

NASTY = "5 < 6 & [bold]x[/bold] <script>alert(1)</script>"
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]


def add_draw(
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
        "outcome_stated": "correct" if right else "wrong",
        "outcome_flexible": "correct" if right or draw == 2 else "wrong",
        "extracted_flexible": problem["answer"] if right or draw == 2 else "999",
    })  # fmt: skip
    return {"sample_id": name, "steps": steps, "truth": [*truth, all(truth)], "right": right}


def add_paths(
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
            "made_in": iteration,
            "correct": first["right"], "kept": duplicate is None, "duplicate_of": duplicate,
            "truth": first["truth"],
        })  # fmt: skip
        if duplicate is None:
            stands = path_id if first["right"] else stands
            _add_labels(path_id, first["truth"], rng, tables)


def _add_labels(path_id: str, truth: list[bool], rng: random.Random, tables: Tables) -> None:
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


def add_perplexities(train: Rows, tables: Tables) -> None:
    """Longer texts surprise more; a sampled one less than the gold one of as many steps."""
    texts = [("sampled", p["path_id"], p["problem_id"], p["steps"]) for p in tables["paths"]
             if p["kept"] and p["correct"]]  # fmt: skip
    texts += [("gold", p["problem_id"], p["problem_id"], p["rationale"]) for p in train]
    tables["perplexities"] = [
        {"origin": origin, "text_id": name, "problem_id": problem, "n_tokens": 10 * len(steps),
         "nll_mean": 0.1 * len(steps) + (0.2 if origin == "gold" else 0.0)}
        for origin, name, problem, steps in texts
    ]  # fmt: skip


def add_corrections(problem: dict[str, Any], tables: Tables) -> None:
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


def add_rollouts(problem: dict[str, Any], tables: Tables) -> None:
    """A rollout from the first step of each kept wrong path."""
    for path in tables["paths"]:
        if path["problem_id"] != problem["problem_id"] or path["correct"] or not path["kept"]:
            continue
        name = digest("rollout", path["path_id"])
        tables["rollouts"].append({
            "rollout_id": name, "path_id": path["path_id"], "problem_id": problem["problem_id"],
            "made_in": path["made_in"],
            "step": 0, "prefix": path["steps"][0], "fingerprint": digest("fingerprint", name),
            "text": f"{path['steps'][0]}Anew\nAnswer: {problem['answer']}", "draw": 1,
            "extracted": problem["answer"], "grader": "planted 1", "n_tokens": 9,
            "logprob": -1.25, "finish": "stop", "seed": 11, "engine": "planted 1",
            "model_digest": "m" * 8, "prompt_digest": "q" * 8,
        })  # fmt: skip


def add_coverage(problem: dict[str, Any], drawn: Rows, tables: Tables) -> None:
    n_correct = sum(sample["right"] for sample in drawn)
    tables["coverage"].append({
        "problem_id": problem["problem_id"], "level": problem["level"], "n_drawn": len(drawn),
        "n_correct": n_correct, "solve_rate": n_correct / len(drawn),
        "tail_before": n_correct < 2, "tail_after": n_correct < 1,
        "n_tokens": sum(10 * len(s["steps"]) for s in drawn), "solved_ever": n_correct > 0,
    })  # fmt: skip


def add_training_rows(train: Rows, iteration: int, tables: Tables, history: Tables) -> None:
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

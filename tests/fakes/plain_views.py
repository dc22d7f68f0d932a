"""Each view of schemas/views.sql, computed again in plain Python."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from schemas import store
from schemas.catalog import TABLE_OF_NOUN

Rows = list[dict[str, Any]]
Key = tuple[Any, ...]
DERIVED = [
    "accuracy",
    "annotated_accuracy",
    "disagreements",
    "distinct_pairs",
    "domains",
    "duel_results",
    "extractions",
    "first_errors",
    "flawed",
    "forms",
    "graded_samples",
    "label_truth",
    "pair_choice",
    "pass_at_k",
    "passes",
    "step_truth",
    "tail",
    "training_rows",
    "verifier_truth",
]


def rows_of(noun: str) -> Rows:
    return store.read(TABLE_OF_NOUN[noun]).to_dicts()


def groups(rows: Rows, *names: str) -> Iterator[tuple[Key, Rows]]:
    made: dict[Key, Rows] = {}
    for row in rows:
        made.setdefault(tuple(row[name] for name in names), []).append(row)
    yield from sorted(made.items())


def accuracy() -> list[Key]:
    made = []
    for key, rows in groups(rows_of("evaluations"), "iteration", "suite", "mode", "level"):
        right = sum(row["correct"] for row in rows)
        judged = [row["flawed"] for row in rows if row["flawed"] is not None]
        flawed = sum(judged) if judged else None
        made.append((*key, len(rows), right, right / len(rows), flawed))
    return made


def domains() -> list[Key]:
    made = []
    for key, rows in groups(rows_of("evaluations"), "iteration", "domain", "mode"):
        shares = [_share(own, "correct") for _, own in groups(rows, "suite")]
        made.append((*key, len(shares), sum(shares) / len(shares)))
    return made


def _share(rows: Rows, name: str) -> float:
    return sum(row[name] for row in rows) / len(rows)


def passes() -> list[Key]:
    """Pass@k by counting the choices of k draws that hold a right one."""
    names = ("iteration", "suite", "domain", "level", "problem_id", "form_of")
    made = []
    for row in rows_of("evaluations"):
        draws = [n < row["n_correct"] for n in range(row["n_drawn"])]
        for k in (1, 2, 4):
            if row["mode"] == "vote":
                chosen = [any(some) for some in combinations(draws, k)]
                made.append((*(row[n] for n in names), k, sum(chosen) / len(chosen)))
    return made


def pass_at_k() -> list[Key]:
    rows = [
        {"iteration": row[0], "suite": row[1], "domain": row[2], "k": row[6], "value": row[7]}
        for row in passes()
    ]
    found = groups(rows, "iteration", "suite", "domain", "k")
    return [(*key, len(own), _share(own, "value")) for key, own in found]


def forms() -> list[Key]:
    rows = [row for row in rows_of("evaluations") if row["form_of"]]
    made = []
    for key, of_suite in groups(rows, "iteration", "suite", "mode"):
        shares = [_share(own, "correct") for _, own in groups(of_suite, "form_of")]
        solved = (sum(s > 0 for s in shares), sum(s == 1 for s in shares))
        n = len(shares)
        accuracy = _share(of_suite, "correct")
        made.append((*key, n, len(of_suite), accuracy, *(s / n for s in solved)))
    return made


def flawed() -> list[Key]:
    answers = {
        (row["iteration"], row["problem_id"]): row
        for row in rows_of("evaluations")
        if row["mode"] == "greedy" and row["flawed"] is not None
    }
    found = [{**row, "reviewer": "oracle", "truth": row["flawed"]} for row in answers.values()]
    for row in rows_of("flaws"):
        answer = answers[row["iteration"], row["problem_id"]]
        found.append(row | {"suite": answer["suite"], "truth": answer["flawed"]})
        found[-1]["flawed"] = row["first_wrong"] >= 0
    made = []
    for key, rows in groups(found, "iteration", "suite", "reviewer"):
        n_flawed = sum(row["flawed"] for row in rows)
        agree = sum(row["flawed"] == row["truth"] for row in rows)
        named = (key[0], "sipf", *key[1:])
        made.append((*named, len(rows), n_flawed, n_flawed / len(rows), agree / len(rows)))
    return made


def duel_results() -> list[Key]:
    made = []
    for key, rows in groups(rows_of("duels"), "iteration", "rival", "aspect"):
        said = [
            {row["place"]: row["verdict"] for row in own} for _, own in groups(rows, "problem_id")
        ]
        both = [(words["A"], words["B"]) for words in said if len(words) == 2]
        agreed = [sum(pair == (w, w) for pair in both) for w in ("won", "lost", "tie")]
        differ = sum(a != b for a, b in both)
        decided = [(row["place"], row["verdict"]) for row in rows if row["verdict"] != "tie"]
        first = sum(pair in (("A", "won"), ("B", "lost")) for pair in decided)
        counts = (len(both), *agreed, differ, len(said) - len(both))
        made.append((*key, *counts, first / len(decided) if decided else None))
    assert any(row[7] for row in made) and any(row[8] for row in made)
    return made


def annotated_accuracy() -> list[Key]:
    said = [row for row in rows_of("annotated_steps") if row["sound"] is not None]
    made = []
    for key, rows in groups(said, "iteration", "dataset", "level"):
        right = [(row["sound"], row["probability"] >= 0.5) for row in rows]
        precision = sum(a for a, b in right if b) / sum(b for _, b in right)
        recall = sum(b for a, b in right if a) / sum(a for a, _ in right)
        accuracy = sum(a == b for a, b in right) / len(rows)
        sound = sum(a for a, _ in right)
        made.append((*key, len(rows), precision, recall, accuracy, _more_frequent(sound, rows)))
    return made


def first_errors() -> list[Key]:
    """By hand: (label, found) of the seven solutions is as in `tests.fakes.fake_run`; iteration 1
    leaves out the first of them, iteration 2 the first two."""
    return [
        (1, "gsm8k", 5, 1, 3 / 5, 0.0, 0.0),
        (2, "gsm8k", 5, 0, 3 / 5, None, None),
    ]


def step_truth() -> list[Key]:
    """(iteration, path, step, level, truth, label, probability, inferred)"""
    levels = {row["problem_id"]: row["level"] for row in rows_of("problems")}
    labels = {_step(row): row for row in rows_of("step_labels")}
    chances = {_step(row): row["probability"] for row in rows_of("step_scores")}
    made = []
    for path in rows_of("paths"):
        for step, truth in enumerate(path["truth"]):
            key = (path["iteration"], path["path_id"], step)
            level = levels[path["problem_id"]]
            said = labels.get(key, {"label": None, "stop": None})
            inferred = None if said["stop"] is None else said["stop"] == "inferred"
            made.append((*key, level, truth, said["label"], chances.get(key), inferred))
    return made


def _step(row: dict[str, Any]) -> Key:
    return row["iteration"], row["path_id"], row["step"]


def against_truth(says: Callable[[Key], bool | None]) -> list[Key]:
    said = [
        {"iteration": row[0], "level": row[3], "truth": row[4], "says": says(row)}
        for row in step_truth()
        if says(row) is not None
    ]
    made = []
    for key, rows in groups(said, "iteration", "level"):
        both = sum(row["says"] and row["truth"] for row in rows)
        says_right = sum(row["says"] for row in rows)
        sound = sum(row["truth"] for row in rows)
        agree = sum(row["says"] == row["truth"] for row in rows)
        precision = both / says_right if says_right else None
        shares = (precision, both / sound if sound else None, agree / len(rows))
        made.append((*key, len(rows), *shares, _more_frequent(sound, rows)))
    return made


def _more_frequent(count: int, rows: Rows) -> float:
    return max(count, len(rows) - count) / len(rows)


def label_truth() -> list[Key]:
    """Of the inferred labels, n and accuracy apart."""
    inferred = {row[:2]: row[2:] for row in against_truth(lambda row: row[5] if row[7] else None)}
    parts = [(row, inferred.get(row[:2], (0, None, None, None))) for row in of_all_labels()]
    return [(*row, part[0], part[3]) for row, part in parts]


def of_all_labels() -> list[Key]:
    return against_truth(lambda row: row[5])


def verifier_truth() -> list[Key]:
    return against_truth(lambda row: None if row[6] is None else row[6] >= 0.5)


def _outcomes() -> dict[Key, dict[str, Any]]:
    return {(row["iteration"], row["sample_id"]): row for row in rows_of("verdicts")}


def tail() -> list[Key]:
    drawn = [row for row in rows_of("coverage") if row["n_drawn"] > 0]
    made = []
    for key, rows in groups(drawn, "iteration", "level"):
        names = ("tail_before", "tail_after")
        counts = [sum(row[name] for row in rows) for name in names]
        solved = sum(row["n_correct"] > 0 for row in rows)
        of_tail = [row["n_correct"] > 0 for row in rows if row["tail_before"]]
        tail_coverage = sum(of_tail) / len(of_tail) if of_tail else None
        shares = (solved / len(rows), tail_coverage)
        made.append((*key, len(rows), *counts, solved, sum(of_tail), *shares))
    return made


def graded_samples() -> list[Key]:
    outcomes = _outcomes()
    problems = {row["problem_id"]: row for row in rows_of("problems")}
    made = []
    for row in rows_of("samples"):
        verdict = outcomes[(row["iteration"], row["sample_id"])]
        problem = problems[row["problem_id"]]
        made.append((
            row["iteration"], row["sample_id"], row["problem_id"], problem["source"],
            problem["level"], problem["subject"], row["strategy"], row["draw"],
            verdict["outcome"], verdict["outcome"] == "correct", verdict["extracted"],
            problem["answer"], row["n_tokens"], row["logprob"], row["finish"],
            problem["question"], row["text"], verdict["detail"],
        ))  # fmt: skip
    return made


def distinct_pairs() -> list[Key]:
    levels = {row["problem_id"]: row["level"] for row in rows_of("problems")}
    rows = rows_of("pairs")
    first: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["iteration"]):
        first.setdefault(row["pair_id"], row)
    assert 0 < len(first) < len(rows)
    return [
        (*(value for name, value in row.items() if name != "iteration"), levels[row["problem_id"]])
        for row in first.values()
    ]


def disagreements() -> list[Key]:
    outcomes = _outcomes()
    answers = {row["problem_id"]: row["answer"] for row in rows_of("problems")}
    made = []
    for row in rows_of("samples"):
        verdict = outcomes[(row["iteration"], row["sample_id"])]
        recorded = row["recorded_correct"]
        if recorded is not None and recorded != (verdict["outcome"] == "correct"):
            found = (verdict["outcome"], verdict["extracted"], answers[row["problem_id"]])
            names = (row["iteration"], row["sample_id"], row["problem_id"])
            made.append((*names, recorded, *found, verdict["detail"]))
    return made


def extractions() -> list[Key]:
    judged = [
        {"iteration": row["iteration"], "answers": "samples"}
        | {name: row[f"outcome_{name}"] == "correct" for name in ("stated", "flexible")}
        for row in rows_of("verdicts")
    ]
    judged += [
        {"iteration": row["iteration"], "answers": row["suite"]}
        | {name: row[f"correct_{name}"] for name in ("stated", "flexible")}
        for row in rows_of("evaluations")
        if row["mode"] == "greedy"
    ]
    made = []
    for key, rows in groups(judged, "iteration", "answers"):
        stated, flexible = (sum(row[name] for row in rows) for name in ("stated", "flexible"))
        differ = sum(row["stated"] != row["flexible"] for row in rows)
        shares = (stated / len(rows), flexible / len(rows))
        made.append((*key, len(rows), stated, flexible, differ, *shares))
    return made


def pair_choice() -> list[Key]:
    made = []
    for key, rows in groups(rows_of("pairs"), "iteration"):
        wrong = sum(not row["chosen_correct"] for row in rows)
        made.append((*key, len(rows), wrong, sum(row["rejected_correct"] for row in rows)))
    return made


def training_rows() -> list[Key]:
    pairs = {key: len(rows) for key, rows in groups(rows_of("pairs"), "iteration")}
    single = {key: len(rows) for key, rows in groups(rows_of("examples"), "iteration")}
    undesired = {
        key: sum(not row["correct"] for row in rows)
        for key, rows in groups(rows_of("examples"), "iteration")
    }
    assert any(undesired.values())
    return [
        (*key, n, m, undesired.get(key, 0), n + m)
        for key in sorted(pairs | single)
        for n, m in [(pairs.get(key, 0), single.get(key, 0))]
    ]

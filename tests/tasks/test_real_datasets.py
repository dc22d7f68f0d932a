"""Every public data set loads whole; what is left out is counted by its reason."""

from collections import Counter

import pytest

from stages.pipeline.stage_run import StageRun
from stages.prepare import prepare, separate_rejects
from stages.tasks.datasets import TASK
from tests.fakes.real_datasets import COT, GSI, POT, dataset_settings
from tests.fakes.small_settings import SELECT_LAST

# format, file, split, problems, rejects by the beginning of their reason
SETS: list[tuple[str, str, str, int, dict[str, int]]] = [
    ("gsm8k", "gsm8k/train.jsonl.gz", "train", 7473, {}),
    ("gsm8k", "gsm8k/test.jsonl", "test", 1319, {}),
    ("gsm8k", "gsm8k/test_socratic.jsonl", "test", 1319, {}),
    ("gsm_hard", "gsm_hard/test.jsonl", "test", 1319, {}),
    ("humaneval", "humaneval/HumanEval.jsonl.gz", "test", 164, {}),
    ("humaneval", "humaneval/example_problem.jsonl", "test", 1, {}),
    ("humaneval", "humaneval_plus/HumanEvalPlus.jsonl.gz", "test", 164, {}),
    ("mbpp", "mbpp/mbpp.jsonl", "train", 374 * 6, {"is of MBPP's": 600}),
    ("mbpp", "mbpp/mbpp.jsonl", "test", 500 * 6, {"is of MBPP's": 474}),
    ("mbpp", "mbpp/sanitized-mbpp.json", "train", 120 * 6, {"is of MBPP's": 307}),
    ("mbpp", "mbpp/sanitized-mbpp.json", "test", 257 * 6, {"is of MBPP's": 170}),
    ("math", "math/train_problems_and_answers.json.gz", "train", 7498, {"field 'final_answer'": 2}),
    ("math", "math/test.jsonl.gz", "test", 5000, {}),
    ("math500", "math500/test.jsonl", "test", 500, {}),
    ("amc23", "amc23/test.jsonl", "test", 40, {}),
    ("aime24", "aime24/test.jsonl", "test", 30, {}),
    ("svamp", "svamp/test.jsonl", "test", 1000, {}),
    (
        "mmlu_math",
        "mmlu_stem/test.jsonl",
        "test",
        354,
        {"is of none": 2270, "its right choice": 394},
    ),
    ("mathqa", "mathqa/test_sample1000.jsonl", "test", 1000, {}),
    ("mathqa", f"{GSI}/test_mathqa.json", "test", 2985, {}),
    ("aqua", "aqua/dev.json", "test", 254, {}),
    ("aqua", "aqua/test.json", "test", 254, {}),
    ("aqua", f"{GSI}/test_aqua_rat.json", "test", 254, {}),
    ("theoremqa", "theoremqa/theoremqa_test.json", "test", 747, {"can't be asked": 53}),
    (COT, f"{GSI}/train_cot_aqua_rat.json", "train", 2973, {"its answer is none": 27}),
    (COT, f"{GSI}/train_cot_gsm8k.json", "train", 3000, {}),
    (COT, f"{GSI}/train_cot_math.json.gz", "train", 4000, {}),
    (COT, f"{GSI}/test_gsm8k.json", "test", 1319, {}),
    (COT, f"{GSI}/test_svamp.json", "test", 1000, {}),
    (COT, f"{GSI}/test_theoremqa.json", "test", 800, {}),
    (POT, f"{GSI}/train_pot_aqua_rat.json", "train", 1955, {"its answer is none": 6}),
    (POT, f"{GSI}/train_pot_gsm8k.json.gz", "train", 3000, {}),
    (POT, f"{GSI}/train_pot_math.json.gz", "train", 3998, {"field 'answer_value'": 2}),
]


@pytest.mark.parametrize(("form", "file", "split", "n_problems", "rejects"), SETS)
def test_it_loads_whole(
    form: str, file: str, split: str, n_problems: int, rejects: dict[str, int]
) -> None:
    one = {"gsm8k": ("gsm8k", "gsm8k/test.jsonl")}
    of = {"set": (form, file)}
    made = TASK.problems(
        dataset_settings(of, {}) if split == "train" else dataset_settings(one, of), 0
    )
    problems, faults = separate_rejects(made, "")
    problems = [row for row in problems if row["source"] == "set"]
    assert len(problems) == n_problems
    found = Counter(
        next((start for start in rejects if fault["reason"].startswith(start)), fault["reason"])
        for fault in faults
    )
    assert found == rejects
    for row in problems:
        assert row["answer"] and row["question"] and row["prompt"].endswith(":\n")
        assert (row["kind"] == "choice") <= (len(row["options"]) >= 2)
        assert (row["kind"] == "code") == bool(row["tests"])


# training sets, suites, and how many training problems each suite asks too
TASKS = {
    "gsm8k": (
        {"gsm8k": ("gsm8k", "gsm8k/train.jsonl.gz")},
        {
            "gsm8k": ("gsm8k", "gsm8k/test.jsonl"),
            "mmlu_math": ("mmlu_math", "mmlu_stem/test.jsonl"),
        },
        {},
    ),
    "math": (
        {"math": ("math", "math/train_problems_and_answers.json.gz")},
        {"math500": ("math500", "math500/test.jsonl"), "math": ("math", "math/test.jsonl.gz")},
        {"math500": 1, "math": 9},
    ),
    "mbpp": (
        {"mbpp": ("mbpp", "mbpp/mbpp.jsonl")},
        {
            "mbpp": ("mbpp", "mbpp/mbpp.jsonl"),
            "humaneval": ("humaneval", "humaneval/HumanEval.jsonl.gz"),
        },
        {"mbpp": 3 * 6},
    ),
    "gsi_cot": (
        {
            "aqua": (COT, f"{GSI}/train_cot_aqua_rat.json"),
            "gsm8k": (COT, f"{GSI}/train_cot_gsm8k.json"),
            "math": (COT, f"{GSI}/train_cot_math.json.gz"),
        },
        {
            "aqua": ("aqua", "aqua/test.json"),
            "gsm8k": ("gsm8k", "gsm8k/test.jsonl"),
            "math": ("math", "math/test.jsonl.gz"),
            "mathqa": ("mathqa", f"{GSI}/test_mathqa.json"),
            "svamp": ("svamp", "svamp/test.jsonl"),
            "theoremqa": ("theoremqa", "theoremqa/theoremqa_test.json"),
        },
        {"math": 6, "mathqa": 128},
    ),
}


@pytest.mark.parametrize("task", TASKS)
def test_training_problems_that_a_suite_asks_are_taken_out(task: str) -> None:
    train, test, leaked = TASKS[task]
    reasons = prepare(
        task=dataset_settings(train, test), select=SELECT_LAST, stage_run=StageRun(0, 0)
    )["rejects"]["reason"]
    suites = reasons.str.extract(r"^its question is also (\w+)-test-").drop_nulls()
    assert Counter(suites) == leaked

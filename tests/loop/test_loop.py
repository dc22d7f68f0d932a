"""The real pipeline, small: which stages run, and that a killed run ends like any other."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from stages.contract.dvc_files import ONCE, ROOT, params
from stages.contract.stage_list import STAGES

pytestmark = pytest.mark.loop

SMALL = [
    "task.levels=1",
    "task.n_demonstrated=150",
    "task.n_train=60",
    "task.n_test=30",
    "model.width=48",
    "model.layers=2",
    "model.heads=2",
    "model.feed_forward=96",
    "sft.max_steps=250",
    "sft.batch_size=16",
    "label.max_paths=40",
    "label.max_rollouts=3",
    "verifier.max_steps=10",
    "pair.margin=0.01",
    "align.max_steps=10",
    "trainer.checkpoint_every=4",
    "evaluate.n_votes=2",
    "engine.shard_size=100",
    "compute.threads=1",
]
LOOP = [name for name in STAGES if name not in ONCE]


class House:
    """A copy of the project in a folder of its own, with its own git, cache and ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.undisturbed: dict[str, str] = {}
        self.rollouts = 0
        listed = self.run("git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", cwd=ROOT)
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        for leftover in ("dvc.lock", "stages/dvc.lock", "metrics.json", "report.html"):
            (folder / leftover).unlink(missing_ok=True)
        self.configure()
        self.run("git", "init", "-q")
        self.run("git", "add", "-A")
        self.run("git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "start")

    def run(
        self, *command: str, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command; its output comes back as text."""
        settled = {k: v for k, v in os.environ.items() if k not in ("RATCHET_LEDGER", "PYTHONPATH")}
        names = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t"}
        names |= {"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t"}
        return subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=settled | names | {"HF_HUB_OFFLINE": "1"} | env,
            capture_output=True,
            text=True,
        )

    def configure(self, *overrides: str) -> None:
        """Writes params.yaml."""
        (self.folder / "params.yaml").write_text(params(*SMALL, *overrides))

    def repro(self, *arguments: str, **env: str) -> tuple[list[str], str]:
        """(stages that ran, everything printed) of `dvc repro`."""
        return ran(self.run("dvc", "repro", *arguments, **env))

    def experiment(self, *overrides: str) -> tuple[list[str], str]:
        """(stages that ran, everything printed) of `dvc exp run -S ...`."""
        settings = [part for override in (*SMALL, *overrides) for part in ("-S", override)]
        return ran(self.run("dvc", "exp", "run", *settings))

    def iterations(self) -> set[int]:
        """The iterations that some table or model is there for."""
        made = [
            *self.folder.glob("data/**/part.parquet"),
            *self.folder.glob("models/*/config.json"),
        ]
        named = [re.search(r"iteration=(\d+)", str(path)) for path in made]
        return {int(match[1]) for match in named if match}

    def hashes(self, iterations: int) -> dict[str, str]:
        """Content of every data table and model up to an iteration."""
        files = [*self.folder.glob("data/**/part.parquet"), *self.folder.glob("models/**/*")]
        names = [str(path.relative_to(self.folder)) for path in files if path.is_file()]
        late = [f"iteration={k}" for k in range(iterations + 1, 9)]
        kept = [n for n in names if not any(x in n for x in late)]
        return {n: hashlib.sha256((self.folder / n).read_bytes()).hexdigest() for n in kept}

    def cost(self, stage: str) -> dict[str, int]:
        """The cost row of a stage in iteration 1."""
        file = self.folder / f"measured/costs/iteration=1/stage={stage}/part.parquet"
        return pl.read_parquet(file).row(0, named=True)


def ran(done: subprocess.CompletedProcess[str]) -> tuple[list[str], str]:
    printed = done.stdout + done.stderr
    return re.findall(r"Running stage '(?:stages/dvc\.yaml:)?([\w@]+)'", printed), printed


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


def turn(iteration: int) -> set[str]:
    """The stages of one iteration."""
    return {f"{name}@{iteration}" for name in LOOP}


def test_iteration_1_makes_iteration_1(house: House) -> None:
    house.configure("iteration=1")
    stages, printed = house.repro()
    once = {"check", "prepare", "base", "simulator", "sft", "report", "evaluate@0", "review@0"}
    assert set(stages) == once | turn(1), printed
    assert house.iterations() == {0, 1}
    metrics = json.loads((house.folder / "metrics.json").read_text())
    assert set(metrics["iterations"]) == {"0", "1"}
    assert "<svg" in (house.folder / "report.html").read_text()
    house.undisturbed = house.hashes(1)
    house.rollouts = house.cost("label")["n_draws"]


def test_a_second_run_does_nothing_and_says_so(house: House) -> None:
    half = house.folder / "data/samples/iteration=1/stage=sample/part.17.partial"
    half.write_text("what a killed process leaves is not part of the table")
    stages, printed = house.repro()
    assert stages == []
    assert "Data and pipelines are up to date." in printed


def test_what_is_damaged_is_named_and_brought_back(house: House) -> None:
    damaged = ["data/paths/iteration=1/part.parquet", "models/iteration=0/model.safetensors"]
    for name, mend in zip(damaged, (["checkout", "--force", damaged[0]], ["repro"]), strict=True):
        file = house.folder / name
        file.write_bytes(file.read_bytes()[:200])
        done = house.run("python", "-m", "stages.label", "--iteration", "1")
        (line,) = done.stderr.splitlines()
        assert done.returncode == 1 and f"label: {name} is " in line and "dvc checkout" in line
        repaired = house.run("dvc", *mend)
        assert repaired.returncode == 0, repaired.stderr
        assert house.hashes(1) == house.undisturbed


STRICTER = """

def _of_two_digits(completion: str, find=find_answer) -> str | None:
    found = find(completion)
    return found if found and len(found) > 1 else None


find_answer = _of_two_digits
"""


def test_another_grader_grades_again_and_draws_nothing(house: House) -> None:
    house.run("git", "add", "-A")
    house.run("git", "commit", "-qm", "graded")
    grader = house.folder / "stages/grading/mathematics/answers.py"
    before = grader.read_text()
    grader.write_text(before + STRICTER)
    stages, printed = house.repro("stages/dvc.yaml:grade@1")
    assert {"sample@1", "grade@1"} <= set(stages), printed
    assert house.cost("sample")["n_draws"] == 0
    compared = house.run("ratchet", "compare", "HEAD", "--json")
    assert compared.returncode == 0, compared.stderr
    flips = json.loads(compared.stdout)["verdict_flips"]
    assert {row["outcome_b"] for row in flips} == {"unparseable"}
    assert "unparseable" not in {row["outcome_a"] for row in flips}
    grader.write_text(before)
    stages, printed = house.repro()
    assert stages == [], printed


def test_iteration_2_makes_only_the_second(house: House) -> None:
    house.configure("iteration=2")
    stages, printed = house.repro()
    assert set(stages) == turn(2) | {"check", "report"}, printed
    assert house.iterations() == {0, 1, 2}


def test_an_experiment_adds_only_the_third(house: House) -> None:
    stages, printed = house.experiment("iteration=3")
    assert set(stages) == turn(3) | {"check", "report"}, printed
    assert house.iterations() == {0, 1, 2, 3}


def test_another_margin_runs_nothing_before_pair(house: House) -> None:
    stages, printed = house.experiment("iteration=1", "pair.margin=0.02")
    late = {"check", "pair@1", "align@1", "evaluate@1", "review@1", "stats@1", "report"}
    assert {"pair@1"} <= set(stages) <= late, printed


def test_another_recipe_samples_nothing(house: House) -> None:
    stages, printed = house.experiment("iteration=1", "recipe=rft")
    assert "align@1" in stages, printed
    assert not {"base", "sft", "sample@1", "grade@1", "dedup@1"} & set(stages), printed


@pytest.mark.parametrize(
    ("recipe", "first"), [("step_kto", "sample@1"), ("step_dpo", "label@1"), ("irpo", "label@1")]
)
def test_recipes_that_sample_alike_share_their_samples(
    house: House, recipe: str, first: str
) -> None:
    stages, printed = house.experiment("iteration=1", f"recipe={recipe}", "pair.min_rows=1")
    assert first in stages and {"pair@1", "align@1", "report"} <= set(stages), printed
    assert not {"base", "sft", "evaluate@0"} & set(stages), printed
    assert ("sample@1" in stages) == (first == "sample@1"), printed


def test_guidance_reuses_the_plain_samples(house: House) -> None:
    settings = ["guide.max_attempts=3", "pair.min_rows=1"]
    stages, printed = house.experiment("iteration=1", "recipe=gsi_state_reset", *settings)
    assert {"sample@1", "guide@1", "align@1", "report"} <= set(stages), printed
    stages, printed = house.experiment("iteration=1", "recipe=adaptive", *settings)
    assert {"guide@1", "report"} <= set(stages), printed
    assert not {"base", "sft", "sample@1", "grade@1"} & set(stages), printed
    asked = house.run("ratchet", "sql", "--json", "select strategy, max(attempt) as n from samples "
                      "where iteration = 1 group by all")  # fmt: skip
    attempts = {row["strategy"]: row["n"] for row in json.loads(asked.stdout)}
    assert attempts == {"unguided": 0, "adaptive": 3}


def test_code_runs_the_whole_loop(house: House) -> None:
    stages, printed = house.experiment("iteration=1", "task=toy_code", "pair.min_rows=1")
    assert {"sample@1", "grade@1", "dedup@1", "label@1", "align@1", "report"} <= set(stages), (
        printed
    )
    asked = house.run(
        "ratchet", "sql", "--json", "select outcome, count(*) as n from verdicts group by all"
    )
    outcomes = {row["outcome"]: row["n"] for row in json.loads(asked.stdout)}
    assert outcomes["correct"] > 0 and outcomes["wrong"] > 0 and "error" not in outcomes


def test_the_leaderboard_has_a_row_per_experiment(house: House) -> None:
    listed = house.run("ratchet", "leaderboard", "--json", "--mode", "greedy")
    rows = json.loads(listed.stdout)
    assert {row["recipe"] for row in rows} == {
        *("sipf", "rft", "step_kto", "step_dpo", "irpo", "gsi_state_reset", "adaptive")
    }
    assert {row["task"] for row in rows} == {"toy", "toy_code"}
    assert {row["iteration"] for row in rows} == {0, 1, 2, 3}


def test_a_killed_run_ends_like_an_undisturbed_one(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    killed = House(tmp_path_factory.mktemp("killed"))
    killed.configure("iteration=1")
    faults = str(killed.folder / "tests/faults")
    for stage in ("sample", "label", "align"):
        stages, printed = killed.repro(PYTHONPATH=faults, RATCHET_KILL=f"{stage}:2")
        assert stages[-1] == f"{stage}@1", printed
    assert [*(killed.folder / ".dvc/cache/checkpoints").glob("*/checkpoint-8")]
    _, printed = killed.repro()
    assert "report.html" in printed
    assert house.undisturbed and killed.hashes(1) == house.undisturbed
    sample, label = killed.cost("sample"), killed.cost("label")
    assert sample["n_draws_reused"] == 200
    assert sample["n_draws"] == 60 * 4 - 200
    assert label["n_draws"] + label["n_draws_reused"] == house.rollouts
    assert label["n_draws_reused"] > 0


MISTAKES = [
    (["iteration=9"], "iteration is 9: set a whole number from 1 to 8"),
    (["sample.k=0"], "sample.k is 0: input should be greater than or equal to 1"),
    (["model=pretrained", "model.source=/no/such/model"], "/no/such/model is not a model folder"),
    (
        ["task=gsm8k", "task.train.gsm8k=/no/such/file.jsonl"],
        "there is no file /no/such/file.jsonl",
    ),
]


@pytest.mark.parametrize(("overrides", "message"), MISTAKES, ids=[m[0][0] for m in MISTAKES])
def test_a_mistake_is_one_line(house: House, overrides: list[str], message: str) -> None:
    (house.folder / "params.yaml").write_text(params(*overrides))
    done = house.run("dvc", "repro")
    assert done.returncode != 0
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def gsm8k_files(folder: Path, n: int) -> tuple[str, str]:
    """A train and a test file in GSM8K's form, and completions of the training problems."""
    recorded = []
    for name, first in (("train", 0), ("test", 1000)):
        rows = []
        for i in range(first, first + n):
            more = i % 7 + 2
            question = f"Ann has {i} pens and buys {more}. How many pens has she?"
            rationale = f"She has {i}+{more}=<<{i}+{more}={i + more}>>{i + more} pens."
            rows.append({"question": question, "answer": f"{rationale}\n#### {i + more}"})
            text = f"{i}+{more}={i + more}\nThe answer is {i + more + i % 2}"
            recorded.append({"question": question, "completion": text, "ok": i % 2 == 0})
        write_lines(folder / f"{name}.jsonl", rows)
    write_lines(folder / "recorded.jsonl", recorded[:n])
    return str(folder / "train.jsonl"), str(folder / "test.jsonl")


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Overrides for GSM8K from local files."""
    train, test = gsm8k_files(tmp_path_factory.mktemp("gsm8k"), 40)
    sets = [f"task.train.gsm8k={train}", f"task.test.gsm8k={test}", "~task.test.mmlu_math"]
    return ["task=gsm8k", *sets, "iteration=1"]


def test_too_few_right_answers_stop_the_run_in_one_line(house: House, files: list[str]) -> None:
    short = ["sft.max_steps=2", "sample.k=1", "sample.max_tokens=32", "evaluate.n_votes=0"]
    few = ["recipe=rft", "pair.with_gold=false", *short]
    (house.folder / "params.yaml").write_text(params(*files, *few))
    stages, printed = house.repro()
    assert stages[-1] == "pair@1", printed
    assert "training rows, but pair.min_rows=8 (" in printed
    assert "Traceback" not in printed


def test_recorded_solutions_run_through_the_data_side(house: House, files: list[str]) -> None:
    recorded = files[1].removeprefix("task.train.gsm8k=").replace("train.jsonl", "recorded.jsonl")
    engine = ["engine=replay", f"engine.file={recorded}", "engine.correct=[ok]"]
    settings = params(*files, "recipe=replay", "model=none", *engine)
    (house.folder / "params.yaml").write_text(settings)
    stages, printed = house.repro()
    assert "report" in stages, printed
    asked = house.run(
        "ratchet", "sql", "--json", "select count(*) as n from disagreements where iteration = 1"
    )
    assert json.loads(asked.stdout) == [{"n": 0}]
    asked = house.run(
        "ratchet", "sql", "--json", "select sum(n_correct) as n from coverage where iteration = 1"
    )
    assert json.loads(asked.stdout) == [{"n": 20}]


def test_a_queued_experiment_is_compared_with_the_commit(house: House) -> None:
    settings = [part for name in (*SMALL, "iteration=1") for part in ("-S", name)]
    queued = house.run("dvc", "exp", "run", "--queue", "-n", "wider", *settings, "-S",
                       "pair.margin=0.03")  # fmt: skip
    assert queued.returncode == 0, queued.stderr
    waiting = house.run("ratchet", "sql", "--rev", "wider", "from pairs")
    assert "wider is in the queue and has not run" in waiting.stderr
    house.run("dvc", "exp", "run", "--run-all")
    compared = house.run("ratchet", "compare", "HEAD", "wider", "--json")
    assert compared.returncode == 0, compared.stderr
    found = json.loads(compared.stdout)
    assert {"name": "pair.margin", "a": 0.01, "b": 0.03} in found["parameters"]
    assert found["b"]["iterations"] == [0, 1]
    assert found["verdicts"] == []  # both drew, and graded, the same
    assert next(row for row in found["pairs"] if row["kind"] == "pair")["jaccard"] <= 1

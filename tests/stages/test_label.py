"""Labels: Monte-Carlo counts, early stopping, the oracle, and which paths are labelled."""

from pathlib import Path

import polars as pl
import pytest

from schemas import store
from schemas.errors import RatchetError
from schemas.rollouts import Rollouts
from schemas.step_labels import StepLabels
from stages.compute.compute_settings import ComputeSettings
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.feedback.simulation import step_prefixes
from stages.label import apply_prefix_and, choose_paths, label
from stages.models.folders import mark_empty
from stages.pipeline.stage_run import StageRun
from tests.fakes.planted_paths import GRADE, Lucky, planted_paths
from tests.fakes.scored_paths import PROBLEMS, ROUND, run, tables
from tests.fakes.small_settings import judge_settings, label_settings


@pytest.mark.parametrize(
    ("number", "per_problem", "chosen"), [(7, 2, 7), (1000, 1, 70), (1000, 9, 140)]
)
def test_which_paths_are_labelled(number: int, per_problem: int, chosen: int) -> None:
    problems, paths = planted_paths()
    wanted = label_settings(max_paths=number, max_per_problem=per_problem)
    some = choose_paths(paths, problems, wanted)
    assert some.height == chosen
    assert some.group_by("problem_id").len()["len"].max() <= per_problem
    assert some.equals(choose_paths(paths.reverse(), problems, wanted))
    if per_problem == 2:
        assert some["correct"].n_unique() == 2


def test_problems_that_pairs_are_made_of_can_come_first() -> None:
    problems, paths = planted_paths()
    names = paths["problem_id"].unique(maintain_order=True)
    never, always = set(names[:30]), set(names[30:60])
    kept = paths.filter(
        ~(pl.col("problem_id").is_in(never) & pl.col("correct"))
        & ~(pl.col("problem_id").is_in(always) & ~pl.col("correct"))
    )
    mixed = kept.height - 60
    wanted = label_settings(first="solved", max_paths=mixed + 30)
    chosen = choose_paths(kept, problems, wanted)["problem_id"]
    assert set(chosen[:mixed]) == set(names[60:])
    assert set(chosen[mixed:]) == always


def test_balanced_rows_are_chosen_first_and_labelled_then() -> None:
    """What is labelled is what KTO beside it trains on (Step-KTO §2.4)."""
    paths = tables(ROUND)["paths"]
    wanted = label_settings(first="balanced", max_per_problem=4, max_paths=None)
    chosen = choose_paths(paths, PROBLEMS, wanted)["path_id"]
    rows = run(planted=ROUND, rows="balanced", feedback="outcome", with_reference=True,
               max_per_problem=2)["examples"]  # fmt: skip
    assert sorted(chosen) == sorted(rows["path_id"].drop_nulls())
    assert {"a", "b", "c", "d", "i", "j"} < set(chosen) and {"g", "h"}.isdisjoint(chosen)


def test_right_paths_alone_can_be_labelled_to_find_wrong_steps_in_them() -> None:
    paths = tables(ROUND)["paths"]
    wanted = label_settings(first="right", max_per_problem=9, max_paths=None)
    chosen = choose_paths(paths, PROBLEMS, wanted)
    assert sorted(chosen["path_id"]) == sorted(paths.filter("correct")["path_id"])
    assert choose_paths(paths, PROBLEMS, label_settings(first="right", max_paths=2)).height == 2


def labelled(
    paths: pl.DataFrame,
    problems: pl.DataFrame,
    policy: Path,
    simulator: Path,
    iteration: int = 1,
    earlier: dict[str, pl.DataFrame] | None = None,
    **changes: object,
) -> dict[str, pl.DataFrame]:
    """What the bare stage makes of the paths."""
    earlier = earlier or {}
    return label(
        problems=problems,
        samples=[],
        paths=paths,
        earlier_labels=earlier.get("step_labels", StepLabels.create_empty()),
        earlier_rollouts=earlier.get("rollouts", Rollouts.create_empty()),
        policy=policy,
        simulator=simulator,
        label=label_settings(max_paths=1000, **changes),
        judge=judge_settings(),
        engine=TransformersSettings(
            name="transformers", max_length=None, precision="auto", batch_size=4, shard_size=1000
        ),
        grade=GRADE,
        compute=ComputeSettings(threads=1),
        stage_run=StageRun(iteration, 0),
    )


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The model folders that an engine was opened with; the engine is `Lucky`."""
    problems, _ = planted_paths()
    folders: list[Path] = []

    def open_engine(settings: object, model: Path, device: object, form: object) -> Lucky:
        folders.append(model)
        return Lucky(dict(problems.select("prompt", "answer").rows()))

    monkeypatch.setattr("stages.engines.sampler.open_engine", open_engine)
    return folders


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    """The folder of a run that has no such model."""
    folder = tmp_path / "nothing"
    folder.mkdir()
    mark_empty(folder, "no simulator")
    return folder


def test_the_last_step_has_the_paths_outcome(
    run_folder: Path, checkpoint: Path, nothing: Path, opened: list[Path]
) -> None:
    problems, paths = planted_paths()
    made = labelled(paths, problems, checkpoint, nothing)
    labels = made["step_labels"]
    known = labels.filter(pl.col("labeler") == "outcome").join(paths, on="path_id")
    assert (known["label"] == known["correct"]).all()
    assert labels.height == paths["steps"].list.len().sum()
    assert made["rejects"].is_empty()


def test_the_simulator_takes_the_policys_place_where_there_is_one(
    run_folder: Path, checkpoint: Path, nothing: Path, opened: list[Path]
) -> None:
    problems, paths = planted_paths()
    labelled(paths, problems, checkpoint, nothing)
    labelled(paths, problems, nothing, checkpoint, max_rollouts=4, temperature=0.9)
    assert opened == [checkpoint, checkpoint]
    with pytest.raises(RatchetError, match="has no model"):
        labelled(paths, problems, nothing, nothing)


@pytest.mark.parametrize("prefix_and", [False, True])
def test_the_oracle_says_what_the_task_says(nothing: Path, prefix_and: bool) -> None:
    problems, paths = planted_paths()
    doubtful = pl.col("path_id").str.ends_with("True")
    bad_first = pl.concat_list(pl.lit(False), pl.col("truth").list.slice(1))
    paths = paths.with_columns(truth=pl.when(doubtful).then(bad_first).otherwise("truth"))
    made = labelled(paths, problems, nothing, nothing, method="oracle", prefix_and=prefix_and)
    labels = store.validate(made["step_labels"].with_columns(iteration=1), StepLabels, "test")
    by_path = labels.group_by("path_id").agg("label").join(paths, on="path_id")
    for path_id, label_, truth in by_path.select("path_id", "label", "truth").rows():
        spoiled = prefix_and and path_id.endswith("True")
        assert label_ == ([False] * len(truth) if spoiled else truth)
    assert by_path.height == paths.height
    assert labels.select("labeler", "n_rollouts", "n_correct", "stop").unique().rows() == [
        ("oracle", 0, 0, "known")
    ]
    assert made["rejects"].is_empty()


def test_the_oracle_leaves_out_what_it_cannot_tell(nothing: Path) -> None:
    problems, paths = planted_paths()
    silent = paths.with_columns(truth=pl.when("correct").then("truth"))
    made = labelled(silent, problems, nothing, nothing, method="oracle", max_per_problem=1)[
        "step_labels"
    ]
    assert set(made["path_id"]) == set(paths.filter("correct")["path_id"])
    no_truth = paths.with_columns(truth=pl.lit(None, pl.List(pl.Boolean)))
    with pytest.raises(
        RatchetError, match=r"label\.method=oracle needs a task that can check its steps"
    ):
        labelled(no_truth, problems, nothing, nothing, method="oracle")


@pytest.mark.parametrize(
    ("raw", "right"),
    [
        ([True, True, True], [True, True, True]),
        ([True, False, True], [True, False, False]),
        ([False, True, True], [False, False, False]),
        ([True, True, False], [True, True, False]),
        ([True], [True]),
    ],
)
def test_right_so_far(raw: list[bool], right: list[bool]) -> None:
    steps = range(len(raw))
    labels = pl.DataFrame({"path_id": ["a"] * len(raw), "step": steps, "label": raw})
    other = labels.with_columns(path_id=pl.lit("b"), label=True)
    done = apply_prefix_and(pl.concat([labels.reverse(), other])).sort("path_id", "step")
    assert done["label"].to_list() == [*right, *[True] * len(raw)]


def test_with_prefix_and_the_counts_stay(
    run_folder: Path, checkpoint: Path, nothing: Path, opened: list[Path]
) -> None:
    problems, paths = planted_paths()
    raw = labelled(paths, problems, checkpoint, nothing, delta=2)["step_labels"]
    strict = labelled(paths, problems, checkpoint, nothing, delta=2, prefix_and=True)["step_labels"]
    assert strict.drop("label").equals(raw.drop("label"))
    assert strict.equals(apply_prefix_and(raw))
    outcome = strict.filter(pl.col("labeler") == "outcome")
    assert (~outcome["label"] & (outcome["n_correct"] == 1)).any()


def test_right_rollouts_that_make_new_paths_are_kept(
    run_folder: Path, checkpoint: Path, nothing: Path, opened: list[Path]
) -> None:
    problems, paths = planted_paths()
    paths = paths.with_columns(fingerprint=pl.lit("none like it"))
    made = labelled(paths, problems, checkpoint, nothing, keep_rollouts="right", early_stop=True)
    kept = store.validate(made["rollouts"].with_columns(iteration=1), Rollouts, "test")
    assert kept.height and kept.select("problem_id", "fingerprint").is_unique().all()
    steps = step_prefixes(paths, problems)
    begun = kept.join(steps, on=["path_id", "step", "problem_id", "prefix"])
    assert begun.height == kept.height and not begun["last"].any()
    answers = dict(problems.select("problem_id", "answer").rows())
    for problem, text, extracted, n in kept.select(
        "problem_id", "text", "extracted", "n_tokens"
    ).rows():
        assert (
            text.endswith(f"#### {answers[problem]}") and extracted == answers[problem] and n == 2
        )
    counts = made["step_labels"].filter(pl.col("labeler") == "rollouts")
    assert kept.height <= counts["n_correct"].sum()
    known = paths.join(kept.select("problem_id", found="fingerprint"), on="problem_id")
    again = known.with_columns(fingerprint="found").drop("found")
    none = labelled(again, problems, checkpoint, nothing, keep_rollouts="right", early_stop=True)
    left = none["rollouts"].join(kept, on=["problem_id", "fingerprint"], how="semi")
    assert left.is_empty()
    without = labelled(paths, problems, checkpoint, nothing, early_stop=True)
    assert without["rollouts"].is_empty()
    assert without["step_labels"].equals(made["step_labels"])


def test_paths_of_earlier_rounds_keep_their_labels_and_only_new_ones_are_labelled(
    run_folder: Path, checkpoint: Path, nothing: Path, opened: list[Path]
) -> None:
    problems, paths = planted_paths()
    paths = paths.with_columns(fingerprint=pl.col("path_id"))
    settings = {"keep_rollouts": "right", "max_per_problem": 1}
    first = labelled(paths, problems, checkpoint, nothing, **settings)
    gone = first["step_labels"]["path_id"][0]
    union = pl.concat([
        paths.filter(pl.col("path_id") != gone),
        paths.with_columns(pl.format("{}-new", "path_id").alias("path_id"), made_in=2),
    ], how="vertical_relaxed")  # fmt: skip
    second = labelled(union, problems, checkpoint, nothing, 2, first, **settings)
    earlier = first["step_labels"].filter(pl.col("path_id") != gone)
    new = second["step_labels"].join(earlier, on=["path_id", "step"], how="anti")
    assert second["step_labels"].height == earlier.height + new.height
    assert new.height and new["path_id"].str.ends_with("-new").all()
    rounds = dict(second["rollouts"].group_by("made_in").len().rows())
    kept = first["rollouts"].filter(pl.col("path_id") != gone)
    assert rounds[1] == kept.height > 0
    taken = kept.select("problem_id", "fingerprint").row(0, named=True)
    now_a_path = pl.when(pl.col("problem_id") == taken["problem_id"]).then(
        pl.lit(taken["fingerprint"])
    )
    again = union.with_columns(fingerprint=now_a_path.otherwise("fingerprint"))
    third = labelled(again, problems, checkpoint, nothing, 2, first, **settings)["rollouts"]
    assert third.filter(pl.col("made_in") == 1).height == kept.height - 1

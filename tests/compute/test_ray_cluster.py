"""On a Ray cluster: the same rows as without, also when a node is lost on the way."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.compute import ray_cluster
from stages.compute.compute_settings import ComputeSettings, RaySettings
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.ledger import Ledger
from stages.engines.sampler import Sampler
from stages.grading.grade_frame import GradeSettings, grade_frame
from stages.models.sampling import Sampling
from stages.models.step_scorer import score_steps
from stages.pipeline.stage_run import StageRun
from tests.fakes.step_rows import learn, step_rows

pytestmark = pytest.mark.loop
ENGINE = TransformersSettings(
    name="transformers", max_length=None, precision="auto", batch_size=4, shard_size=8
)
GRADE = GradeSettings(workers=1, timeout_s=5.0, memory_mb=1024, sandbox="bubblewrap")
HERE = ComputeSettings(threads=1)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A head that has no processor to give, and two nodes of one each."""
    from ray.cluster_utils import Cluster

    with tempfile.TemporaryDirectory(prefix="ray") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_TMPDIR", folder)
        small = {"object_store_memory": 80 * 2**20, "include_dashboard": False}
        soon = {"health_check_period_ms": 1000}
        head = {"num_cpus": 0, "_system_config": soon, **small}
        started = Cluster(initialize_head=True, head_node_args=head)
        for _ in range(2):
            started.add_node(num_cpus=1, **small)
        yield started
        import ray

        ray.shutdown()
        started.shutdown()


@pytest.fixture
def spread(nodes: Any) -> ComputeSettings:
    """Settings of work on those nodes."""
    found = RaySettings(address=nodes.address, actors=2, cpus=1, gpus=0, graders=2)
    return ComputeSettings(threads=1, ray=found)


def draws(
    checkpoint: Path, problems: pl.DataFrame, compute: ComputeSettings
) -> tuple[list[Any], dict[str, int]]:
    """Completions of the problems' prompts, four of each, and what they cost."""
    drawer = Sampler(checkpoint, ENGINE, compute, StageRun(1, 0))
    sampling = Sampling(1.0, 0.95, 32)
    prompts = [prompt for prompt in problems["prompt"].head(24) for _ in range(4)]
    requests = drawer.requests(prompts, [*range(4)] * 24, sampling)
    return drawer.sample(requests, sampling, "test"), drawer.stage_run.counts


def lose_a_node_at_work(nodes: Any) -> None:
    import ray

    actors = ray._private.state.actors().values()
    busy = {a["Address"]["NodeID"] for a in actors if a["State"] == "ALIVE"}
    lost = next(node for node in nodes.worker_nodes if node.node_id in busy)
    nodes.remove_node(lost, allow_graceful=False)


def test_a_node_lost_while_drawing_changes_nothing(
    nodes: Any,
    spread: ComputeSettings,
    checkpoint: Path,
    problems: pl.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RATCHET_LEDGER", str(tmp_path / "here"))
    here, counts = draws(checkpoint, problems, HERE)
    add, added = Ledger.add, []

    def counted(self: Ledger, drawn: dict[str, Any]) -> dict[str, Any]:
        kept = add(self, drawn)
        added.append(len(drawn))
        if len(added) == 3:
            lose_a_node_at_work(nodes)
        return kept

    monkeypatch.setenv("RATCHET_LEDGER", str(tmp_path / "there"))
    monkeypatch.setattr(Ledger, "add", counted)
    capfd.readouterr()
    assert draws(checkpoint, problems, spread) == (here, counts)
    assert len(nodes.worker_nodes) == 1
    assert added == [8] * 12
    assert capfd.readouterr() == ("", "")


def test_scores_are_the_same(spread: ComputeSettings, checkpoint: Path, tmp_path: Path) -> None:
    rows = step_rows()
    learn(checkpoint, tmp_path, rows, max_steps=2)
    here, there = (score_steps(tmp_path, rows, 5, 128, c, 0) for c in (HERE, spread))
    assert here == there
    assert len({p for scores in here for p in scores}) > 4


def test_verdicts_are_the_same(spread: ComputeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.grading.grade_frame.SHARD", 8)
    answers = ["4", r"\frac{8}{2}", "5", "2+2", "x", r"\sqrt{16}"]
    shown = [f"#### {answer}" for answer in answers for _ in range(5)]
    program = "def double(x):\n    return x + x\n"
    table = pl.DataFrame(
        {
            "kind": ["math"] * 30 + ["code"],
            "answer": ["4"] * 30 + [program],
            "options": [[]] * 31,
            "tests": [[]] * 30 + [["assert double(2) == 4"]],
            "given": [""] * 31,
            "text": [*shown, program],
        },
        schema_overrides={"options": pl.List(pl.String), "tests": pl.List(pl.String)},
    )
    here, there = (grade_frame(table, GRADE, compute=compute) for compute in (HERE, spread))
    assert here.equals(there)
    wrong = ("#### 5", "#### x")
    assert here["correct"].to_list() == [text not in wrong for text in shown] + [True]


def test_a_node_that_does_not_see_the_model_says_so(
    spread: ComputeSettings, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_LEDGER", str(tmp_path / "ledger"))
    (tmp_path / "m").symlink_to(checkpoint)
    drawer = Sampler(tmp_path / "m", ENGINE, spread, StageRun(1, 7))
    drawer.weights_digest = "another"
    sampling = Sampling(1.0, 1.0, 8)
    with pytest.raises(RatchetError, match=r"Ray node .* does not see the model in .*: run in a f"):
        drawer.sample(drawer.requests(["one"], [0], sampling), sampling, "test")


def test_no_cluster_is_one_line(nodes: Any) -> None:
    import ray

    ray.shutdown()
    with pytest.raises(RatchetError, match=r"address=127\.0\.0\.1:1: no Ray cluster answers"):
        ray_cluster.connect(RaySettings(address="127.0.0.1:1", actors=1, cpus=1, gpus=0, graders=1))

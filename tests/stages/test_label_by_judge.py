"""The label stage with a judge: what it writes, and that the key is nowhere."""

from pathlib import Path

import pytest

from schemas import store
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.rejects import Rejects
from schemas.rollouts import Rollouts
from schemas.samples import Samples
from schemas.step_labels import StepLabels
from stages.contract.dvc_files import params
from stages.label import label
from tests.fakes.chat_server import ChatServer, Reply, says, serving
from tests.fakes.judged_paths import GOOD, KEY, PATHS, PROBLEMS
from tests.fakes.written_files import everything_written

pytestmark = pytest.mark.usefixtures("judge_key")


def plant(chat: ChatServer, *overrides: str) -> None:
    """The run's folder as the label stage finds it."""
    given = [f"judge.url={chat.url}", "judge.model=judge-1", "judge.key_variable=JUDGE_KEY"]
    changed = ["label.method=judge", "judge.retries=0", "judge.concurrency=1", *given, *overrides]
    Path("params.yaml").write_text(params(*changed))
    store.write(PROBLEMS, Problems)
    store.write(Samples.create_empty(), Samples, iteration=1, stage="sample")
    store.write(PATHS, Paths, iteration=1)
    store.write(StepLabels.create_empty(), StepLabels, iteration=0)
    store.write(Rollouts.create_empty(), Rollouts, iteration=0)
    for model in ("models/iteration=0", "models/simulator"):
        Path(model).mkdir(parents=True)


def run_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["label", "--iteration", "1"])
    label.main()


def test_the_stage_writes_labels_and_rejects_and_never_the_key(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda asked, _: says("No." if "Question 3" in asked else GOOD)) as chat:
        plant(chat, "label.prefix_and=true")
        run_stage(monkeypatch)
    labels = store.read(StepLabels, iteration=1)
    assert labels["label"].to_list() == [True, False, False] * 3
    assert store.read(Rejects, iteration=1, stage="label")["item"].to_list() == ["path3"]
    printed = "".join(capfd.readouterr())
    written = everything_written(run_folder)
    assert "On 2." in written and "judge-1" in written
    assert KEY not in printed + written


def test_the_stage_ends_in_one_line_where_the_judge_refuses(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def reply(_: str, number: int) -> Reply:
        return says(GOOD) if number < 2 else (401, {"error": {"message": f"bad key {KEY}"}})

    with serving(reply) as chat:
        plant(chat)
        with pytest.raises(SystemExit) as ended:
            run_stage(monkeypatch)
    line = str(ended.value)  # the interpreter prints it and exits with 1
    assert line.startswith(f"label: judge.url: {chat.url} refused the key") and "\n" not in line
    written = everything_written(run_folder)
    assert "On 2." in written
    assert KEY not in "".join([line, written, *capfd.readouterr()])

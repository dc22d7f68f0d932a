"""The generation ledger: what was drawn is found again, and only the rest is drawn."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from stages.compute.compute_settings import ComputeSettings
from stages.contract.dvc_files import ROOT
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.draw_origin import Origin, read_origin
from stages.engines.engine import Completion, Request
from stages.engines.ledger import MERGE_AT_SHARDS, Ledger, ledger_folder
from stages.engines.sampler import Sampler
from stages.models.sampling import Sampling
from stages.pipeline.digests import dvc_hash
from stages.pipeline.stage_run import StageRun

SAMPLING = Sampling(1.0, 1.0, 8)


class Counting:
    """An engine that writes its seed, counts its draws, and may die."""

    version = "counting-1"

    def __init__(self, dies_after: int | None = None) -> None:
        self.drawn, self.calls, self.dies_after = 0, 0, dies_after

    def complete(self, requests: Sequence[Request], sampling: Sampling) -> list[Completion]:
        if self.calls == self.dies_after:
            raise KeyboardInterrupt
        self.calls += 1
        self.drawn += len(requests)
        return [Completion(f"{r.prompt}{r.seed}", 2, -1.0, "stop") for r in requests]


def drawer(checkpoint: Path, engine: Counting, seed: int = 0) -> Sampler:
    settings = TransformersSettings(
        name="transformers", max_length=None, precision="auto", batch_size=4, shard_size=10
    )
    made = Sampler(checkpoint, settings, ComputeSettings(threads=1), StageRun(1, seed))
    made._engine = engine
    return made


def ask(made: Sampler, k: int) -> list[Completion]:
    prompts = [p for p in ("one", "two", "three") for _ in range(k)]
    requests = made.requests(prompts, [*range(k)] * 3, SAMPLING)
    return made.sample(requests, SAMPLING, "test")


def some(n: int, first: int = 0) -> dict[str, Completion]:
    """Draws with keys in the ledger's form."""
    numbers = range(first, first + n)
    return {f"{i:032x}": Completion(f"text {i}", i, -i / 3, "stop") for i in numbers}


def test_a_second_run_draws_nothing(run_folder: Path, checkpoint: Path) -> None:
    first, second = Counting(), Counting()
    one = ask(drawer(checkpoint, first), 8)
    two = ask(drawer(checkpoint, second), 8)
    assert one == two
    assert (first.drawn, second.drawn) == (24, 0)


def test_a_top_up_draws_only_the_new_ones(run_folder: Path, checkpoint: Path) -> None:
    ask(drawer(checkpoint, Counting()), 8)
    more = Counting()
    topped = ask(drawer(checkpoint, more), 20)
    assert more.drawn == 3 * 12
    assert topped == ask(drawer(checkpoint, Counting()), 20)


def test_another_seed_or_setting_draws_anew(run_folder: Path, checkpoint: Path) -> None:
    ask(drawer(checkpoint, Counting()), 4)
    other = Counting()
    ask(drawer(checkpoint, other, seed=1), 4)
    assert other.drawn == 12


@pytest.mark.parametrize("shards_done", [0, 1, 2])
def test_an_interrupted_run_goes_on_where_it_was(
    run_folder: Path, checkpoint: Path, shards_done: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        ask(drawer(checkpoint, Counting(dies_after=shards_done)), 8)
    rest = Counting()
    resumed = ask(drawer(checkpoint, rest), 8)
    assert rest.drawn == 24 - 10 * shards_done
    assert resumed == [
        Completion(f"{r.prompt}{r.seed}", 2, -1.0, "stop")
        for r in drawer(checkpoint, rest).requests(
            [p for p in ("one", "two", "three") for _ in range(8)], [*range(8)] * 3, SAMPLING
        )
    ]


def test_a_damaged_shard_is_set_aside_and_drawn_again(
    run_folder: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = ask(drawer(checkpoint, Counting()), 8)
    shard = sorted(ledger_folder().rglob("*.parquet"))[0]
    shard.write_bytes(shard.read_bytes()[:50])
    again = Counting()
    assert ask(drawer(checkpoint, again), 8) == one
    assert 0 < again.drawn <= 10
    assert "is damaged and was set aside" in capsys.readouterr().out
    assert shard.with_suffix(".damaged").exists()


def test_a_flipped_bit_is_no_other_draw(run_folder: Path) -> None:
    ledger = Ledger("me")
    ledger.add(some(500))
    (shard,) = ledger.shards()
    whole = shard.read_bytes()
    for place in range(4, len(whole), len(whole) // 40):
        flipped = bytearray(whole)
        flipped[place] ^= 16
        shard.write_bytes(flipped)
        assert Ledger("me").find([*some(500)]) == {}, place
        assert shard.with_suffix(".damaged").exists() and not shard.exists()


def test_half_a_shard_is_never_seen_and_does_not_stay(run_folder: Path) -> None:
    ledger = Ledger("me")
    ledger.folder.mkdir(parents=True)
    half = ledger.folder / "other.partial"
    half.write_bytes(b"half")
    assert ledger.find([*some(3)]) == {}
    ledger.add(some(3))
    assert ledger.find([*some(3), "missing"]) == some(3)
    assert not half.exists()


def test_the_first_to_draw_decides(run_folder: Path) -> None:
    quick, slow = Ledger("me"), Ledger("me")
    assert slow.find([*some(9)]) == {}
    quick.add(some(3))
    other = {key: Completion("otherwise", 1, None, "stop") for key in some(9)}
    assert slow.add(other) == other | some(3)
    assert quick.find([*some(9)]) == other | some(3)


def test_small_shards_become_few(run_folder: Path) -> None:
    reader = Ledger("me")
    for first in range(0, 2 * MERGE_AT_SHARDS, 2):
        reader.add(some(2, first))
    assert reader.find([*some(2 * MERGE_AT_SHARDS)]) == some(2 * MERGE_AT_SHARDS)
    writer = Ledger("me")
    writer.add(some(1, 2 * MERGE_AT_SHARDS))
    assert len(writer.shards()) == 2
    for ledger in (reader, writer, Ledger("me")):
        assert ledger.find([*some(2 * MERGE_AT_SHARDS + 1)]) == some(2 * MERGE_AT_SHARDS + 1)


def test_a_writer_outlives_a_prune(run_folder: Path) -> None:
    """The ledger is deleted at each moment of a writer's work, which goes on all the same."""
    writer = Ledger("me")
    writer.add(some(3))
    Ledger("me").delete()
    assert writer.find([*some(3)]) == {}
    assert writer.add(some(5)) == some(5)
    assert Ledger("me").find([*some(5)]) == some(5)


PRUNING = """
import sys
from stages.engines.ledger import Ledger
for _ in range(int(sys.argv[1])):
    Ledger("me").delete()
"""


def test_prunes_and_writers_at_once(run_folder: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    pruner = subprocess.Popen([sys.executable, "-c", PRUNING, "300"], env=env)
    first = 0
    while pruner.poll() is None:
        drawn = some(2, first)
        assert Ledger("me").add(drawn) == drawn
        first += 2
    assert pruner.returncode == 0 and first
    Ledger("me").add(some(1))
    assert Ledger("me").find([*some(1)]) == some(1)


def test_the_ledger_says_whose_draws_these_are(run_folder: Path, checkpoint: Path) -> None:
    made = drawer(checkpoint, Counting())
    ask(made, 1)
    origin = read_origin(made.ledger.folder)
    assert origin == Origin(made.weights_digest, dvc_hash(checkpoint), [str(checkpoint)])


AT_ONCE = """
import sys
from stages.engines import ledger
from stages.engines.engine import Completion
ledger.MERGE_AT_SHARDS = 4
who, n = sys.argv[1], int(sys.argv[2])
for i in range(n):
    mine = ledger.Ledger("me")
    drawn = {f"{j:032d}": Completion(who, 1, None, "stop") for j in (i, i + 1)}
    first, again = mine.add(drawn), mine.find(list(drawn))
    assert first == again, (first, again)
"""


def test_two_processes_draw_into_one_ledger(run_folder: Path) -> None:
    n = 20
    command = [sys.executable, "-c", AT_ONCE]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [subprocess.Popen([*command, who, str(n)], env=env) for who in ("one", "two")]
    reader, keys = Ledger("me"), [f"{i:032d}" for i in range(n + 1)]
    before: dict[str, Completion] = {}
    while any(writer.poll() is None for writer in writers):
        found = reader.find(keys)
        assert {key: found.get(key) for key in before} == before
        before = found
    assert [writer.returncode for writer in writers] == [0, 0]
    assert set(reader.find(keys)) == set(keys)
    assert not list(run_folder.rglob("*.damaged")) + list(run_folder.rglob("*.partial"))


def test_workspaces_share_the_ledger_of_dvcs_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RATCHET_LEDGER", raising=False)
    assert ledger_folder() == Path(".dvc/cache/ledger")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config.local").write_text("[cache]\n    dir = /shared/cache\n")
    assert ledger_folder() == Path("/shared/cache/ledger")

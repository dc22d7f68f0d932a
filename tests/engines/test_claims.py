"""Two runs that need the same draws at the same time: each is drawn once, whatever happens."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from stages.contract.dvc_files import ROOT
from stages.engines.claims import Claims
from stages.engines.sampler import keys_to_claim
from stages.pipeline.digests import digest

KEYS = [digest(i, size=16) for i in range(40)]

HOLDER = """
import sys
from pathlib import Path
from stages.engines.claims import Claims
with Claims(Path(sys.argv[1])).hold(sys.argv[2:]) as contested:
    print(contested, flush=True)
    sys.stdin.read()
"""


def holder(folder: Path, keys: list[str]) -> subprocess.Popen[str]:
    """A process that claims the keys, says so, and keeps them until its input ends."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLDER, str(folder), *keys]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout and process.stdout.readline() == "None\n"
    return process


@pytest.mark.parametrize(
    ("wanted", "is_free"),
    [(KEYS[:5], False), (KEYS[4:30], False), (KEYS[5:], True), ([], True)],
)
def test_all_or_none_of_the_keys_are_claimed(
    tmp_path: Path, wanted: list[str], is_free: bool
) -> None:
    other = holder(tmp_path, KEYS[:5])
    with Claims(tmp_path).hold(wanted) as contested:
        assert (contested is None) == is_free and contested in {None, *KEYS[:5]}
        third = holder(tmp_path, KEYS[20:25]) if not is_free else None  # nothing is kept of it
    for process in filter(None, (other, third)):
        process.communicate()


@pytest.mark.parametrize("how", ["ends", "is killed"])
def test_a_claim_ends_with_its_process(tmp_path: Path, how: str) -> None:
    other = holder(tmp_path, KEYS)
    claims = Claims(tmp_path)
    with claims.hold(KEYS[:3]) as contested:
        assert contested in KEYS[:3]
    other.kill() if how == "is killed" else other.communicate()
    claims.wait(KEYS[0])
    with claims.hold(KEYS) as contested:
        assert contested is None
    with claims.hold(KEYS) as contested:
        assert contested is None
    other.communicate()


DRAWER = """
import sys, time
from pathlib import Path
from tests.engines.test_ledger import Counting, drawer, ask

class Slow(Counting):
    def complete(self, requests, sampling):
        print("draws", flush=True)
        if sys.argv[2] == "is killed":
            sys.stdin.read()
        return super().complete(requests, sampling)

engine = Slow()
made = drawer(Path(sys.argv[1]), engine)
drawn = ask(made, int(sys.argv[3]))
print(engine.drawn, made.stage_run.counts.get("draws_reused", 0), hash(tuple(drawn)))
"""


def drawing(checkpoint: Path, how: str, k: int) -> subprocess.Popen[str]:
    """A process that draws k completions of each of three prompts."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-c", DRAWER, str(checkpoint), how, str(k)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.parametrize(("first", "second"), [(40, 40), (40, 60), (60, 40)])
def test_two_runs_that_need_the_same_draws_pay_once(
    run_folder: Path, checkpoint: Path, first: int, second: int
) -> None:
    both = [drawing(checkpoint, "ends", k) for k in (first, second)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    results = [printed.splitlines()[-1].split() for printed, _ in said]
    n_drawn, n_reused = (sum(int(row[i]) for row in results) for i in (0, 1))
    assert n_drawn == 3 * max(first, second), results
    assert n_drawn + n_reused == 3 * (first + second)
    assert first != second or results[0][2] == results[1][2]
    shards = list(run_folder.rglob("*.parquet"))
    keys = pl.concat(pl.read_parquet(shard, columns=["key"]) for shard in shards)["key"]
    assert keys.n_unique() == len(keys) == n_drawn


def test_what_a_killed_run_was_drawing_is_drawn_by_the_one_that_waits(
    run_folder: Path, checkpoint: Path
) -> None:
    killed = drawing(checkpoint, "is killed", 3)
    assert killed.stdout and killed.stdout.readline() == "draws\n"
    waits = drawing(checkpoint, "ends", 3)
    assert waits.stderr and "waits for draws that another run is making" in waits.stderr.readline()
    killed.kill()
    printed, errors = waits.communicate()
    assert printed.splitlines()[-1].startswith("9 0 "), printed + errors
    killed.communicate()


@pytest.mark.parametrize(
    ("n_shards", "size", "n_claimed"), [(2, 3, 6), (4, 1024, 4096), (5, 1024, 5)]
)
def test_of_many_draws_one_of_each_shard_is_claimed(
    n_shards: int, size: int, n_claimed: int
) -> None:
    keys = [str(n) for n in range(n_shards * size)]
    group = [list(range(n * size, (n + 1) * size)) for n in range(n_shards)]
    claimed = keys_to_claim(group, keys)
    assert len(claimed) == n_claimed
    assert {keys[shard[0]] for shard in group} <= {*claimed}

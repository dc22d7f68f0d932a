"""Two processes write to one ledger and merge its shards, and are killed at any moment."""

import os
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from stages.contract.dvc_files import ROOT
from stages.engines.ledger import Ledger
from tests.faults.merger import draw

pytestmark = pytest.mark.fault

KILLS = int(os.environ.get("RATCHET_KILLS", "3"))


def writer(folder: Path, first: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "tests.faults.merger", str(folder), str(first)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def test_merges_that_are_killed_lose_and_change_nothing(tmp_path: Path) -> None:
    chance, added, n_shards = random.Random(7), set[int](), []
    for _ in range((KILLS + 1) // 2):
        pair = [writer(tmp_path, max(added, default=0) // 2 * 2 + 2 + n) for n in (0, 1)]
        for process in pair:
            assert process.stdout
            for _ in range(chance.randint(1, 40)):
                added.add(int(process.stdout.readline()))
        for process in chance.sample(pair, 2):
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, 0.05))  # somewhere within its next shards
            process.kill()
            rest, _ = process.communicate()
            added |= {int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")}
        kept = Ledger("model", tmp_path)
        wanted = {key: value for number in added for key, value in draw(number).items()}
        assert kept.find([*wanted]) == wanted
        n_shards.append(len(kept.shards()))
    Ledger("model", tmp_path).add(draw(0))  # a process that is not killed tidies up
    left = {path.suffix for path in (tmp_path / "model").iterdir() if path.name != ".lock"}
    assert left == {".parquet"}
    n_killed = 2 * len(n_shards)
    print(f"{n_killed} writers killed: {len(added)} draws in {n_shards[-1]} shards, all there")

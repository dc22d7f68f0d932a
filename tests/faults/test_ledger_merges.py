"""Two processes write to one ledger and merge its shards, and are interrupted at any moment."""

import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from stages.contract.dvc_files import ROOT
from stages.engines.ledger import Ledger
from tests.faults.interruptions import SEED, draw_interruptions, repeats
from tests.faults.merger import draw

pytestmark = pytest.mark.fault

SHARD_S = 0.05  # about the time of one shard


def writer(folder: Path, first: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "tests.faults.merger", str(folder), str(first)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def test_merges_that_are_interrupted_lose_and_change_nothing(tmp_path: Path) -> None:
    chance, added, n_shards = Random(f"{SEED} shards"), set[int](), 0
    interruptions = draw_interruptions("merges")
    for first in range(0, len(interruptions), 2):
        pair = [writer(tmp_path, max(added, default=0) // 2 * 2 + 2 + n) for n in (0, 1)]
        for process in pair:
            assert process.stdout
            for _ in range(chance.randint(1, 40)):
                added.add(int(process.stdout.readline()))
        ended = [*interruptions[first : first + 2], interruptions[first]][:2]
        for process, interruption in zip(chance.sample(pair, 2), ended, strict=True):
            with suppress(subprocess.TimeoutExpired):
                process.wait(interruption.at * SHARD_S)  # somewhere within its next shards
            process.send_signal(interruption.number)
            rest, _ = process.communicate()
            added |= {int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")}
        kept = Ledger("model", tmp_path)
        wanted = {key: value for number in added for key, value in draw(number).items()}
        assert kept.find([*wanted]) == wanted, repeats("merges")
        n_shards = len(kept.shards())
    Ledger("model", tmp_path).add(draw(0))  # a process that is not interrupted tidies up
    left = {path.suffix for path in (tmp_path / "model").iterdir() if path.name != ".lock"}
    assert left == {".parquet"}
    counted = Counter(interruption.number.name for interruption in interruptions)
    print(f"\n{repeats('merges')}: {len(interruptions)} interruptions ({dict(counted)}): "
          f"{len(added)} draws in {n_shards} shards, all there")  # fmt: skip

"""Adds one small shard after another to a ledger that merges them at once, until it is interrupted.

`merger.py FOLDER FIRST`: draws FIRST, FIRST + 2, …; the number of each that was added goes to
standard output, so that whoever reads it knows what must be there.
"""

import signal
import sys
from contextlib import suppress
from pathlib import Path

from stages.engines import ledger
from stages.engines.engine import Completion


def draw(number: int) -> dict[str, Completion]:
    """What a model would have drawn under a key."""
    return {f"key {number}": Completion(f"text {number}" * 9, number, -number / 2, "stop")}


def main(folder: Path, number: int) -> None:
    """Each shard is added by a new ledger, as by a new process, so each may merge."""
    while True:
        ledger.Ledger("model", folder).add(draw(number))
        print(number, flush=True)
        number += 2


if __name__ == "__main__":
    ledger.MERGE_AT_SHARDS, ledger.LARGE_BYTES = 3, 8_000  # of this process alone
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as a stage has it
    with suppress(KeyboardInterrupt):
        main(Path(sys.argv[1]), int(sys.argv[2]))

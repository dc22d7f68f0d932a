"""Tries random input of every kind for some minutes, and goes on where it stopped the last time.

`--state FILE` remembers the next seed of each kind and what came of those before it. Each fault is
printed with the command that tries its seed again; a seed whose fault is fixed goes into seeds.txt.
"""

import argparse
import json
import selectors
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fuzz import KINDS
from tests.fuzz.hang import LOOK_S, find_hang, look_at


class Worker:
    """A process that tries inputs of one kind; a new one whenever it hangs or dies."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.process: subprocess.Popen[str] | None = None

    def attempt(self, seed: int) -> dict[str, Any]:
        """What came of a seed."""
        if self.process is None:
            command = [sys.executable, "-m", "tests.fuzz.worker", self.kind]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert self.process.stdin and self.process.stdout
        print(seed, file=self.process.stdin, flush=True)
        looks = [look_at(self.process.pid)]
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            while not ready.select(LOOK_S) and not find_hang(looks):
                looks.append(look_at(self.process.pid))
        hang = find_hang(looks)
        line = "" if hang else self.process.stdout.readline()
        if line:
            return dict(json.loads(line))
        self.stop()
        return {"what": "fault", "details": hang or "died"}

    def stop(self) -> None:
        """Ends the process."""
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


def main() -> int:
    """The exit status: 1 if there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seed", type=int, help="try this one alone")
    parser.add_argument("--state", type=Path, default=Path("fuzz.json"))
    given = parser.parse_args()
    kinds = given.kinds.split(",")
    state = json.loads(given.state.read_text()) if given.state.exists() else {}
    for kind in kinds:
        state.setdefault(kind, {"next": 0, "s": 0.0, "came": {}, "faults": []})
    workers = {kind: Worker(kind) for kind in kinds}
    spent = dict.fromkeys(kinds, 0.0)
    end = time.monotonic() + given.minutes * 60
    try:
        while time.monotonic() < end:
            kind = min(kinds, key=lambda kind: spent[kind])
            one = state[kind]
            seed = one["next"] if given.seed is None else given.seed
            started = time.monotonic()
            found = workers[kind].attempt(seed)
            spent[kind] += time.monotonic() - started
            if found["what"] == "fault":
                print(f"{found['details']}\npython -m tests.fuzz --kinds {kind} --seed {seed}\n")
                one["faults"].append(seed)
            if given.seed is not None:
                print(f"{kind} {seed}: {found['what']}")
                return int(found["what"] == "fault")
            one["next"], one["s"] = seed + 1, one["s"] + time.monotonic() - started
            one["came"] = Counter(one["came"]) + Counter([found["what"]])
            given.state.write_text(json.dumps(state, indent=1) + "\n")
    finally:
        for worker in workers.values():
            worker.stop()
    for kind in kinds:
        came = ", ".join(f"{n} {what}" for what, n in sorted(state[kind]["came"].items()))
        print(f"{kind}: {state[kind]['next']} inputs in {state[kind]['s']:.0f} s: {came}")
    return int(any(state[kind]["faults"] for kind in kinds))


if __name__ == "__main__":
    sys.exit(main())

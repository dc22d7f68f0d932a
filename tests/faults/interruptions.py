"""How many interruptions of a run of the fault tests fall to what, and when they come.

RATCHET_KILLS is how many there are in all, and RATCHET_KILL_SEED draws their moments and signals
(`make faults KILLS=200 SEED=7`). A moment is a share of the time that something takes undisturbed,
so the same seed means other moments on another machine, and that is as well.
"""

import os
import random
import signal
from dataclasses import dataclass

from stages.contract.stage_list import STAGES

KILLS = int(os.environ.get("RATCHET_KILLS", "60"))
SEED = int(os.environ.get("RATCHET_KILL_SEED", "0"))
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
SHARES = {**dict.fromkeys(STAGES, 1.0), "merges": 3.0, "sweep": 2.0}


@dataclass(frozen=True)
class Interruption:
    """A signal, and when it is sent: a share of the undisturbed time."""

    number: signal.Signals
    at: float


def n_interruptions(part: str, total: int = KILLS) -> int:
    """How many of `total` fall to a stage, the merges or the sweep; these add up to it."""
    names = list(SHARES)
    last = names.index(part) + 1
    whole = sum(SHARES.values())
    until, before = (sum(SHARES[name] for name in names[:n]) for n in (last, last - 1))
    return int(total * until / whole + 1e-9) - int(total * before / whole + 1e-9)


def draw_interruptions(part: str) -> list[Interruption]:
    """A part's interruptions, in the order in which they come."""
    chance = random.Random(f"{SEED} {part}")
    n = n_interruptions(part)
    return [Interruption(chance.choice(SIGNALS), chance.random()) for _ in range(n)]


def repeats(part: str) -> str:
    """How the interruptions of a part are drawn again, for a message."""
    return f"{part}, make faults KILLS={KILLS} SEED={SEED}"

"""What tests do to a stage's process; Python runs this at its start when it is on PYTHONPATH.

RATCHET_KILL=sample:2 kills the stage after so many ledger shards or checkpoints. RATCHET_ASKED
names a file that gets a line for each shard that an engine is asked for.
"""

import os
import signal
import sys
from pathlib import Path

wanted, _, shards = os.environ.get("RATCHET_KILL", "").partition(":")
asked = os.environ.get("RATCHET_ASKED")
stage = next((a for a in sys.orig_argv if a.startswith("stages.") and a[7:].isidentifier()), None)

if stage:
    sys.path.insert(0, str(Path.cwd()))

if wanted and stage == f"stages.{wanted}":
    if wanted == "align":
        from transformers import Trainer as Keeper

        method = "_save_checkpoint"
    else:
        from stages.engines.ledger import Ledger as Keeper  # type: ignore[assignment]

        method = "add"
    keep, written = getattr(Keeper, method), []

    def killing(self, *given):  # type: ignore[no-untyped-def]
        kept = keep(self, *given)
        written.append(1)
        if len(written) == int(shards):
            os.kill(os.getpid(), signal.SIGKILL)
        return kept

    setattr(Keeper, method, killing)

if asked and stage:
    from stages.engines.transformers_engine import TransformersEngine

    complete = TransformersEngine.complete

    def counting(self, requests, sampling):  # type: ignore[no-untyped-def]
        with Path(asked).open("a") as file:
            file.write(f"{len(requests)}\n")
        return complete(self, requests, sampling)

    TransformersEngine.complete = counting  # type: ignore[method-assign]

"""Kills a stage's process after so many ledger shards: RATCHET_KILL=sample:2.

Python runs this file at its start when tests put this folder on PYTHONPATH.
"""

import os
import signal
import sys
from pathlib import Path

wanted, _, shards = os.environ.get("RATCHET_KILL", "").partition(":")

if wanted and f"stages.{wanted}" in sys.orig_argv:
    sys.path.insert(0, str(Path.cwd()))
    from stages.engines.ledger import Ledger

    keep, written = Ledger.add, []

    def add(self, drawn):  # type: ignore[no-untyped-def]
        keep(self, drawn)
        written.append(len(drawn))
        if len(written) == int(shards):
            os.kill(os.getpid(), signal.SIGKILL)

    Ledger.add = add  # type: ignore[method-assign]

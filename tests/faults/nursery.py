"""Forks stages out of a process that has imported what they import, and kills them in time.

Most of a small stage's time goes by before it does anything. Here none does: a line «STAGE
SECONDS» on standard input starts a stage, to be killed after so many seconds (0: never), and is
answered by how it ended: 0, 1, or -9 where it was killed. What an engine is asked
for goes into the file `asked`, a number for each shard.
"""

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: F401
from trl.experimental.orpo import ORPOTrainer  # noqa: F401

from stages.contract.dvc_files import ONCE
from stages.contract.stage_list import STAGES
from stages.engines.decoder.transformers_engine import TransformersEngine
from stages.engines.engine import Completion, Request
from stages.models.sampling import Sampling

modules = {name: import_module(f"stages.{name}") for name in STAGES}
complete = TransformersEngine.complete


def counting(
    engine: TransformersEngine, requests: Sequence[Request], sampling: Sampling
) -> list[Completion]:
    """Writes down how many are asked for, before they are drawn."""
    with Path("asked").open("a") as file:
        file.write(f"{len(requests)}\n")
    return complete(engine, requests, sampling)


TransformersEngine.complete = counting  # type: ignore[method-assign]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
print("ready", flush=True)
for line in sys.stdin:
    name, seconds = line.split()
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        os.dup2(2, 1)
        sys.argv = [name, "--iteration", str(int(name not in ONCE))]
        getattr(modules[name], name).main()
        os._exit(0)
    if float(seconds) and not signal.sigtimedwait([signal.SIGCHLD], float(seconds)):
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while signal.sigtimedwait([signal.SIGCHLD], 0):
        pass
    print(os.waitstatus_to_exitcode(status), flush=True)

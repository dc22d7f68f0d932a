"""Forks stages out of a process that has imported what they import, and interrupts them in time.

Most of a small stage's time goes by before it does anything. Here none does: a line of JSON on
standard input starts a stage in a folder, to be sent a signal after so many seconds (null: never).
The answer says how it ended, what it printed as errors, and how many of its processes outlived it.
What an engine is asked for goes into the folder's file `asked`, a number for each shard.
"""

import ctypes
import json
import os
import signal
import sys
import time
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

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h: what a stage leaves behind becomes this one's child
ENDS = {signal.SIGTERM, signal.SIGINT}
PATIENCE_S = 60.0  # until what a stage has started must have ended after it, on a busy machine

modules = {name: import_module(f"stages.{name}") for name in STAGES}
complete = TransformersEngine.complete


def counting(
    engine: TransformersEngine, requests: Sequence[Request], sampling: Sampling
) -> list[Completion]:
    """Writes down how many are asked for, before they are drawn."""
    with Path("asked").open("a") as file:
        file.write(f"{len(requests)}\n")
    return complete(engine, requests, sampling)


def run_stage(folder: str, name: str) -> None:
    """What a forked process does; it never returns."""
    os.setpgid(0, 0)
    os.chdir(folder)
    errors = os.open("errors", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(errors, 2)
    os.dup2(errors, 1)
    sys.argv = [name, "--iteration", str(int(name not in ONCE))]
    try:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD, *ENDS])
            getattr(modules[name], name).main()
        except KeyboardInterrupt:  # before or after `main`: in a process of its own, by excepthook
            sys.exit(f"{name}: interrupted; `dvc repro` resumes from here")
    except SystemExit as end:
        if isinstance(end.code, str):
            os.write(2, f"{end.code}\n".encode())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def wait_for(child: int, seconds: float) -> int | None:
    """A child's status; None if it runs longer."""
    end = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if (left := end - time.monotonic()) <= 0:
            return None
        signal.sigtimedwait([signal.SIGCHLD], left)


def n_left_behind() -> int:
    """How many of a stage's processes have not ended in time after it; they are ended then."""
    end = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                signal.sigtimedwait([signal.SIGCHLD], end - time.monotonic())
    except ChildProcessError:
        return 0
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    for child in map(int, children):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return len(children)


def answer(folder: str, name: str, number: int, after_s: float | None) -> dict[str, object]:
    """Runs a stage in a folder; SIGINT goes to all of its processes, as Ctrl-C does."""
    child = os.fork()
    if child == 0:
        run_stage(folder, name)
    status = wait_for(child, 1e9 if after_s is None else after_s)
    if status is None:
        if number == signal.SIGINT:
            os.killpg(child, number)
        else:
            os.kill(child, number)
        status = wait_for(child, 1e9)
    left = n_left_behind()
    printed = Path(folder, "errors").read_text(errors="replace")
    assert status is not None
    return {"code": os.waitstatus_to_exitcode(status), "left": left, "printed": printed}


TransformersEngine.complete = counting  # type: ignore[method-assign]
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
signal.signal(signal.SIGTERM, signal.default_int_handler)  # as the import of `stages` has it
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD, *ENDS])
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(answer(**json.loads(line))), flush=True)

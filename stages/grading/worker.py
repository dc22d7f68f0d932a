"""The process that compares answers: one line of JSON in, one line of JSON out.

    python -m stages.grading.worker TIMEOUT_S

A line holds [kind, Reference, answer]; the reply holds [outcome, detail]. The first line out is
["ready", null], once everything is loaded.

Every comparison runs in a fork of its own, taken after sympy is loaded: it starts in milliseconds
and from the same state whatever came before. The kernel ends a fork that outruns its budget, by
the default disposition of two timers and no handler of ours: TIMEOUT_S of CPU time, and several
times that on the clock. Its memory is limited. So a hang, a crash or a bomb costs only one item.
"""

import contextlib
import gc
import json
import os
import resource
import signal
import sys
from typing import TextIO

from stages.grading.kinds import KINDS
from stages.grading.mathematics import symbolic
from stages.grading.pool import READY
from stages.grading.reference import Reference

WALL_PER_CPU = 10
"""Seconds on the clock for a second of CPU time: a backstop against sleep on a busy machine."""
MEMORY_BYTES = 1 << 30
_WARM_UP = [
    (r"\frac{\sqrt{2}}{2}", r"\sqrt{3}+1"),
    (r"2\pi - x_{1}", r"\sin(\theta) + \cos^{2} x"),
    ("y=2x^{2}+1", "y=-3x+1"),
    (r"(-\infty,2] \cup (3,5)", r"[2,\infty)"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}2\\1\end{pmatrix}"),
    (r"1 \pm \sqrt{5}, 3", r"\{1,\sqrt{2}\}"),
    ("-1<x<5", r"x \ge 2"),
    (r"3+4i", r"e^{i\pi}"),
    (r"\log_{2} 8!", r"\left|x\right| + \binom{n}{2}"),
]


def main() -> None:
    """Answers lines until the input ends."""
    timeout_s = float(sys.argv[1])
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not look like a reply
    for timer_signal in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(timer_signal, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF, signal.SIGALRM})
    _load_algebra()
    _send((READY, None), replies)
    for line in sys.stdin:
        if reply := _compare_in_fork(line, timeout_s, replies):
            _send(reply, replies)


def _load_algebra() -> None:
    """Imports sympy and exercises what it loads and caches late, so that no item pays for it."""
    for reference, answer in _WARM_UP:
        symbolic.compare(reference, answer)
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every loaded page


def _compare_in_fork(line: str, timeout_s: float, replies: TextIO) -> tuple[str, str] | None:
    """Runs one comparison, which replies itself; returns a verdict if it ended without a reply."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            _set_limits(timeout_s)
            reply = _compare(line)
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            _send(reply, replies)
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        return None if os.WEXITSTATUS(status) == 0 else ("error", "comparison died")
    if os.WTERMSIG(status) == signal.SIGPROF:
        return "timeout", f"more than {timeout_s:g} s of CPU time"
    if os.WTERMSIG(status) == signal.SIGALRM:
        return "timeout", f"more than {WALL_PER_CPU * timeout_s:g} s"
    return "error", f"comparison died of {signal.Signals(os.WTERMSIG(status)).name}"


def _set_limits(timeout_s: float) -> None:
    with contextlib.suppress(ValueError, OSError):  # a lower limit may be set already
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, timeout_s)
    signal.setitimer(signal.ITIMER_REAL, WALL_PER_CPU * timeout_s)


def _compare(line: str) -> tuple[str, str | None]:
    kind, reference, answer = json.loads(line)
    compare = KINDS[kind].compare
    assert compare, f"answers of kind {kind} are run, not compared"
    try:
        verdict = compare(Reference(*reference), answer)
    except Exception as fault:
        return "error", type(fault).__name__
    return verdict.outcome, verdict.detail


def _send(reply: tuple[str, str | None], replies: TextIO) -> None:
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()

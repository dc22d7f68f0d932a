"""Worker processes: what a job does to itself alone, and what is left when they end."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from stages.grading import pool
from stages.grading.grade import grade_all
from stages.grading.reference import Reference

STAND_IN = """
import ctypes, os, signal, sys, time
from stages.grading import kinds, reference, worker

def hang(): time.sleep(60)
def spin():
    while True: pass
def fill(): return bytearray(1 << 31)
def recurse(): return recurse()
def crash(): ctypes.string_at(0)
def leave(): os._exit(3)
def kill_worker(): os.kill(os.getppid(), signal.SIGKILL); hang()
def chatter(): os.write(1, b"not a reply"); print("nor this", flush=True)
def pass_by(): pass

def compare(wanted, answer):
    globals()[answer]()
    return reference.Verdict("correct", answer, "done")

kinds.KINDS["math"] = kinds.KINDS["math"]._replace(compare=compare)
worker._load_algebra = pass_by
worker.main()
"""
HARM = {
    "hang": ("timeout", "more than 1 s"),
    "spin": ("timeout", "more than 0.1 s of CPU time"),
    "fill": ("error", "MemoryError"),
    "recurse": ("error", "RecursionError"),
    "crash": ("error", "comparison died of SIGSEGV"),
    "leave": ("error", "comparison died"),
    "kill_worker": ("error", "worker died"),
    "chatter": ("correct", "done"),
}


def test_harm_stays_with_the_job_that_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "COMMAND", [sys.executable, "-P", "-c", STAND_IN])
    jobs = [("math", Reference(""), act) for harm in HARM for act in (harm, "pass_by")]

    replies = sorted(pool.run(jobs, workers=2, timeout_s=0.1))

    assert [reply.job_index for reply in replies] == list(range(len(jobs)))
    assert {jobs[r.job_index][2]: r[1:] for r in replies[::2]} == HARM
    assert {r[1:] for r in replies[1::2]} == {("correct", "done")}


def test_a_worker_has_no_job_before_its_first_line_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its first line and a reply, read at once, would leave the reply where nobody looks."""
    monkeypatch.setattr(pool, "COMMAND", [sys.executable, "-P", "-c", STAND_IN])
    ready: list[bool] = []
    give = pool._Worker.give

    def watched(self: pool._Worker, place: int, job: pool.Job) -> None:
        ready.append(self.is_ready)
        give(self, place, job)

    monkeypatch.setattr(pool._Worker, "give", watched)
    assert (
        len(list(pool.run([("math", Reference(""), "pass_by")] * 3, workers=2, timeout_s=5))) == 3
    )
    assert ready == [True] * 3


def test_workers_wait_for_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that grades in many small rounds loads the algebra once; a dead one is replaced."""
    monkeypatch.setattr(pool, "COMMAND", [sys.executable, "-P", "-c", STAND_IN])
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def watched(*args, **kwargs):  # type: ignore[no-untyped-def]
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", watched)

    def outcomes() -> list[str]:
        job = ("math", Reference(""), "pass_by")
        return [reply.outcome for reply in pool.run([job] * 3, workers=2, timeout_s=7)]

    assert outcomes() == outcomes() == ["correct"] * 3
    assert len(started) == 2
    started[0].kill()
    started[0].wait()
    assert outcomes() == ["correct"] * 3
    assert len(started) == 3
    pool.dismiss()
    assert all(process.returncode is not None for process in started)


def test_abandoned_pool_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "COMMAND", [sys.executable, "-P", "-c", STAND_IN])
    outputs: list[int] = []
    popen = subprocess.Popen

    def watched(*args, **kwargs):  # type: ignore[no-untyped-def]
        process = popen(*args, **kwargs)
        outputs.append(os.dup(process.stdout.fileno()))
        return process

    monkeypatch.setattr(subprocess, "Popen", watched)
    replies = pool.run(
        [("math", Reference(""), "pass_by"), ("math", Reference(""), "hang")],
        workers=2,
        timeout_s=30,
    )
    next(replies)
    replies.close()

    assert len(outputs) == 2
    for output in outputs:  # at its end only when neither the worker nor its fork is left
        while select.select([output], [], [], 10)[0] and os.read(output, 1000):
            pass
        assert select.select([output], [], [], 0)[0], "a process still holds the pipe"
        os.close(output)


def test_worker_that_cannot_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no algebra here')"]
    monkeypatch.setattr(pool, "COMMAND", command)
    with pytest.raises(
        pool.WorkerError, match=r"did not start \(exit code 1\)[^$]*no algebra here"
    ):
        grade_all([("math", "18", r"\boxed{\ln 9}")])


def test_pool_works_from_another_thread_folder_and_script(tmp_path: Path) -> None:
    """A script without a main guard, run elsewhere, that grades in a thread of its own."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, threading\n"
        f"sys.path.insert(0, {str(pool.ROOT)!r})\n"
        "from stages.grading.grade import grade_all\n"
        "def work():\n"
        "    items = [('math', '2', r'\\boxed{\\sqrt{4}}'), ('math', '3', r'\\boxed{\\sqrt{4}}')]\n"
        "    print([v.outcome for v in grade_all(items, workers=1)])\n"
        "assert not {'sympy', 'math_verify', 'torch'} & set(sys.modules), 'slow start'\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "__init__.py").write_text("raise ImportError('the wrong package')")

    done = subprocess.run(
        [sys.executable, "-P", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("['correct', 'wrong']\n", "")

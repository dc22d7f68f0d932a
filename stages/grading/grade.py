"""Grades completions against reference answers.

`grade_all` is the entry point: it decides plain answers at once, runs programs in sandboxes, and
compares the rest in processes that may hang or crash without harm. A change of any verdict needs a
new `GRADER_VERSION`, so that verdicts of two graders are distinct and samples can be graded again
without being drawn again.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Literal, NamedTuple

from stages.grading import pool
from stages.grading.kinds import KINDS, extract_both, kind_named
from stages.grading.programs import run_programs
from stages.grading.programs.sandbox import Limits
from stages.grading.programs.sandbox_command import Mode
from stages.grading.reference import OUTCOMES, TESTED_KINDS, Reference, Verdict

__all__ = [
    "GRADER_VERSION",
    "KINDS",
    "OUTCOMES",
    "BothVerdicts",
    "Extract",
    "Job",
    "Limits",
    "Mode",
    "Reference",
    "Verdict",
    "compare_all",
    "grade",
    "grade_all",
    "grade_both",
]

GRADER_VERSION = "5"
NO_ANSWER = Verdict("unparseable", None, "no answer found")

Extract = Literal["stated", "flexible"]
"""Which answer decides: the one that a text states, or else the last that could be one."""

Item = tuple[str, Reference | str, str]
"""(kind, reference, completion); a reference that is only an answer may be plain text"""
Job = tuple[str, Reference, str | None]
"""(kind, reference, extracted answer)"""


class BothVerdicts(NamedTuple):
    """The verdicts by the stated answer and by the flexible one; they differ if none is stated."""

    stated: Verdict
    flexible: Verdict

    def verdict_of(self, extract: Extract) -> Verdict:
        """The verdict that decides."""
        return self.stated if extract == "stated" else self.flexible


def grade(kind: str, reference: Reference | str, completion: str) -> Verdict:
    """The verdict on one completion, in this process: nothing limits its time or memory.

    Use it for a known, harmless answer, as in a shell or a test, and `grade_all` for what a model
    wrote. Programs run in a sandbox in both.
    """
    rules = kind_named(kind)
    if rules.compare is None:
        return grade_all([(kind, reference, completion)], workers=1)[0]
    answer, expected = rules.extract(completion), _reference(reference)
    if verdict := _quick_verdict(kind, expected, answer):
        return verdict
    assert answer is not None
    try:
        return rules.compare(expected, answer)
    except Exception as fault:
        return Verdict("error", answer, type(fault).__name__)


def grade_all(
    items: Sequence[Item],
    *,
    workers: int = 2,
    limits: Limits | None = None,
    sandbox: Mode = "bubblewrap",
    progress: Callable[[int], None] | None = None,
) -> list[Verdict]:
    """The verdicts on (kind, reference, completion) items, in their order.

    workers: processes for answers that can't be decided at once; none is started without such.
    limits: for one comparison or program: CPU seconds (ten times as many on the clock), memory.
    sandbox: "none" runs programs with the caller's rights.
    progress: called with the number of items newly done; the calls add up to len(items).

    Raises ValueError for an unknown kind, RatchetError if programs can't be run. No answer,
    whatever its content, makes it raise or hang.
    """
    jobs: list[Job] = [
        (kind, _reference(reference), kind_named(kind).extract(completion))
        for kind, reference, completion in items
    ]
    verdicts = _grade_jobs(jobs, workers, limits, sandbox, progress)
    return [verdicts[job] for job in jobs]


def grade_both(
    items: Sequence[Item],
    *,
    workers: int = 2,
    limits: Limits | None = None,
    sandbox: Mode = "bubblewrap",
    progress: Callable[[int], None] | None = None,
) -> list[BothVerdicts]:
    """Both verdicts on each item, in their order; the rest is as in `grade_all`."""
    flexible: list[Job] = []
    stated: list[Job] = []
    for kind, given, completion in items:
        reference = _reference(given)
        answer, last = extract_both(kind, completion)
        flexible.append((kind, reference, last))
        stated.append((kind, reference, answer))
    others = set(stated) - set(flexible)
    verdicts = _grade_jobs(flexible, workers, limits, sandbox, progress)
    verdicts |= _grade_jobs(sorted(others, key=repr), workers, limits, sandbox)
    return [
        BothVerdicts(verdicts[job], verdicts[other])
        for job, other in zip(stated, flexible, strict=True)
    ]


def _grade_jobs(
    jobs: Sequence[Job],
    workers: int,
    limits: Limits | None,
    sandbox: Mode,
    progress: Callable[[int], None] | None = None,
) -> dict[Job, Verdict]:
    """The verdict on each distinct job."""
    limits = limits or Limits()
    if workers < 1 or limits.timeout_s <= 0:
        raise ValueError(f"workers={workers}, {limits}: must be above 0")
    report = progress or (lambda n_done: None)
    n_items = Counter(jobs)
    verdicts: dict[Job, Verdict] = {}

    def finish(job: Job, verdict: Verdict) -> None:
        verdicts[job] = verdict
        report(n_items[job])

    undecided = []
    for job in n_items:
        if verdict := _quick_verdict(*job):
            finish(job, verdict)
        else:
            undecided.append(job)
    comparison_of = {job: job for job in undecided if not KINDS[job[0]].runs}
    comparison_of |= _run(
        [job for job in undecided if KINDS[job[0]].runs], workers, limits, sandbox, finish
    )
    _compare(comparison_of, workers, limits, finish)
    return verdicts


def compare_all(
    jobs: Sequence[Job], *, workers: int = 2, limits: Limits | None = None
) -> list[Verdict]:
    """The verdicts on answers that are extracted already, and are no programs, in their order."""
    verdicts: dict[Job, Verdict] = {}
    comparisons = {job: job for job in jobs}
    _compare(comparisons, workers, limits or Limits(), verdicts.__setitem__)
    return [verdicts[job] for job in jobs]


def _run(
    jobs: list[Job],
    workers: int,
    limits: Limits,
    sandbox: Mode,
    finish: Callable[[Job, Verdict], None],
) -> dict[Job, Job]:
    """Runs programs; returns the job of comparing its answer for each that printed one."""
    printed: dict[Job, Job] = {}
    work = [(ref, program or "", KINDS[kind].runs or "tests") for kind, ref, program in jobs]
    with closing(run_programs.run(work, workers, limits, sandbox)) as replies:
        for reply in replies:
            job = jobs[reply.job_index]
            if reply.outcome is None:
                printed[job] = ("printed", job[1], reply.printed)
            else:
                is_tried = job[0] in TESTED_KINDS
                finish(job, Verdict(reply.outcome, job[2] if is_tried else None, reply.detail))
    return printed


def _compare(
    comparison_of: dict[Job, Job],
    workers: int,
    limits: Limits,
    finish: Callable[[Job, Verdict], None],
) -> None:
    """Makes each distinct comparison once, at once or in the pool, for all jobs that need it."""
    waiting: dict[Job, list[Job]] = defaultdict(list)
    for job, comparison in comparison_of.items():
        if verdict := _quick_verdict(*comparison):
            finish(job, verdict)
        else:
            waiting[comparison].append(job)
    comparisons = list(waiting)
    with closing(pool.run(comparisons, workers, limits.timeout_s)) as replies:
        for reply in replies:
            comparison = comparisons[reply.job_index]
            for job in waiting[comparison]:
                finish(job, Verdict(reply.outcome, comparison[2], reply.detail))


def _reference(given: Reference | str) -> Reference:
    return given if isinstance(given, Reference) else Reference(given)


def _quick_verdict(kind: str, reference: Reference, answer: str | None) -> Verdict | None:
    """The verdict if it is cheap, else None."""
    return NO_ANSWER if answer is None else KINDS[kind].decide(reference, answer)

"""Is it right: completions against reference answers.

`grade_all` is the door: it decides plain answers at once, and compares the rest in processes that
may hang or crash without harm. A change of any verdict is a new `GRADER_VERSION`, so that verdicts
can be told apart and samples graded again without being drawn again.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing

from stages.grading import pool
from stages.grading.kinds import KINDS, kind_named
from stages.grading.reference import Reference
from stages.grading.verdict import OUTCOMES, Verdict

__all__ = ["GRADER_VERSION", "KINDS", "OUTCOMES", "Reference", "Verdict", "grade", "grade_all"]

GRADER_VERSION = "math-1"
NO_ANSWER = Verdict("unparseable", None, "no answer found")

Item = tuple[str, Reference | str, str]
"""(kind, reference, completion); a reference that is an answer alone may be that text"""


def grade(kind: str, reference: Reference | str, completion: str) -> Verdict:
    """The verdict on one completion, in this process: nothing limits its time or memory.

    For a known, harmless answer, as in a shell or a test. What a model wrote goes to `grade_all`.
    """
    answer = kind_named(kind).extract(completion)
    if answer is None:
        return NO_ANSWER
    wanted = _reference(reference)
    if verdict := KINDS[kind].decide(wanted, answer):
        return verdict
    try:
        return KINDS[kind].compare(wanted, answer)
    except Exception as fault:
        return Verdict("error", answer, type(fault).__name__)


def grade_all(
    items: Sequence[Item],
    *,
    workers: int = 2,
    timeout_s: float = 5.0,
    progress: Callable[[int], None] | None = None,
) -> list[Verdict]:
    """The verdicts on (kind, reference, completion) items, in their order.

    workers: processes for what cannot be decided at once; none is started if nothing is left.
    timeout_s: CPU seconds for one comparison; ten times as many on the clock.
    progress: called with the number of items newly done; the calls add up to len(items).

    Raises ValueError for an unknown kind. No answer, whatever it holds, raises or hangs.
    """
    if workers < 1 or timeout_s <= 0:
        raise ValueError(f"workers={workers}, timeout_s={timeout_s}: both must be above 0")
    report = progress or (lambda n_done: None)
    jobs = [
        (kind, _reference(reference), kind_named(kind).extract(completion))
        for kind, reference, completion in items
    ]
    n_items = Counter(jobs)
    at_once = {job: _at_once(*job) for job in n_items}
    verdicts = {job: verdict for job, verdict in at_once.items() if verdict}
    report(sum(n_items[job] for job in verdicts))
    undecided = [job for job in n_items if job not in verdicts]
    with closing(pool.run(undecided, workers, timeout_s)) as replies:
        for reply in replies:
            job = undecided[reply.place]
            verdicts[job] = Verdict(reply.outcome, job[2], reply.detail)
            report(n_items[job])
    return [verdicts[job] for job in jobs]


def _reference(given: Reference | str) -> Reference:
    return given if isinstance(given, Reference) else Reference(given)


def _at_once(kind: str, reference: Reference, answer: str | None) -> Verdict | None:
    """The verdict where it is cheap, None where it is not."""
    return NO_ANSWER if answer is None else KINDS[kind].decide(reference, answer)

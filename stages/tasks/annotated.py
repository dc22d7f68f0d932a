"""Solutions whose steps people have judged, from files of two layouts.

ProcessBench: {id, problem, steps: texts, label}, label the earliest wrong step from 0, or -1.
SIPF Figure 10: {idx, question, sample_answer, sample_answer_step_correctness: [{step_idx,
human_ans}]}, human_ans 1 for a right step; the list may also be called `steps`. The steps of
sample_answer are its lines, or its sentences, or paragraphs: whichever are as many as were judged.
Either may have a `level`, and a `prompt` if the verifier was trained on other prompts than
`stages.tasks.prompts.math` gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.errors import RatchetError
from stages.solutions.steps import Form, split_lines, split_steps
from stages.tasks import prompts, source
from stages.tasks.formats.row import Row, UnusableError, level, optional_text, text, verbatim_text
from stages.tasks.task import Fault

JUDGED = ("sample_answer_step_correctness", "steps")
FORMS: tuple[Form, ...] = ("sentences", "paragraphs", "sections")


@dataclass(frozen=True)
class AnnotatedSolution:
    """One solution. `sound` has the annotators' verdict on each step, None if they gave none."""

    item: str
    prompt: str
    steps: list[str]
    sound: list[bool | None]
    level: int | None


def solutions(file: str, parameter: str) -> Iterator[AnnotatedSolution | Fault]:
    """The solutions of a file in order, with a Fault for each unusable row or repeated id.

    `parameter` names the setting in errors. Raises RatchetError if no row is usable.
    """
    seen: set[str] = set()
    faults: list[Fault] = []
    for row in source.rows(file, "test", parameter):
        solution = row if isinstance(row, Fault) else _solution(*row, seen)
        if isinstance(solution, Fault):
            faults.append(solution)
        else:
            seen.add(solution.item)
        yield solution
    if not seen:
        first = f"{faults[0].location} {faults[0].reason}"
        raise RatchetError(f"{parameter}: {file} has no usable solution; the first: {first}")


def _solution(location: str, row: Row, seen: set[str]) -> AnnotatedSolution | Fault:
    try:
        solution = _read_processbench(row) if "label" in row else _read_sipf(row)
    except UnusableError as error:
        return Fault(location, str(error), str(row)[:500])
    if solution.item in seen:
        return Fault(location, f"repeats id {solution.item}", str(row)[:500])
    return solution


def _read_processbench(row: Row) -> AnnotatedSolution:
    given, label = row.get("steps"), row["label"]
    if not isinstance(given, list) or not all(isinstance(s, str) and s.strip() for s in given):
        raise UnusableError("field 'steps' is no list of texts that say something")
    steps = [step if step.endswith("\n") else f"{step}\n" for step in given]
    if type(label) is not int or not -1 <= label < len(steps):
        raise UnusableError(f"field 'label' is {label!r}, not one of its {len(steps)} steps or -1")
    n_known = len(steps) if label == -1 else label
    sound: list[bool | None] = [True] * n_known
    if label >= 0:
        sound += [False, *[None] * (len(steps) - label - 1)]
    return _make_solution(_id(row, "id"), text(row, "problem"), steps, sound, row)


def _read_sipf(row: Row) -> AnnotatedSolution:
    answer = verbatim_text(row, "sample_answer")
    name = next((name for name in JUDGED if name in row), JUDGED[0])
    entries = row.get(name)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UnusableError(f"field {name!r} is no list of {{step_idx, human_ans}}")
    splits = [split_lines(answer), *(split_steps(answer, form) for form in FORMS)]
    steps = next((steps for steps in splits if len(steps) == len(entries)), splits[0])
    numbers = [entry.get("step_idx") for entry in entries]
    if numbers not in ([*range(len(steps))], [*range(1, len(steps) + 1)]):
        raise UnusableError(f"step_idx does not count the {len(steps)} steps of 'sample_answer'")
    answers = [entry.get("human_ans") for entry in entries]
    if not all(type(word) in (int, bool) and word in (0, 1) for word in answers):
        raise UnusableError("human_ans is not 0 or 1 for each step")
    return _make_solution(
        _id(row, "idx"), text(row, "question"), steps, [bool(w) for w in answers], row
    )


def _make_solution(
    item: str, question: str, steps: list[str], sound: list[bool | None], row: Row
) -> AnnotatedSolution:
    has_prompt = optional_text(row, "prompt")
    prompt = verbatim_text(row, "prompt") if has_prompt else prompts.math(question)
    return AnnotatedSolution(item, prompt, steps, sound, level(row))


def _id(row: Row, name: str) -> str:
    given = row.get(name)
    if isinstance(given, bool) or not isinstance(given, str | int) or not str(given).strip():
        raise UnusableError(f"has no field {name!r} that names it")
    return str(given)

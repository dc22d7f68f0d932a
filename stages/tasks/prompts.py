"""Prompts, in our own words. A prompt ends where the answer begins."""

from collections.abc import Sequence

from stages.models.prompt_form import CUES

LETTERS = "ABCDEFGHIJ"


def math(question: str) -> str:
    """Asks for a worked solution."""
    return f"Question: {question}\n{CUES['math']}"


def choice(question: str, options: Sequence[str]) -> str:
    """Asks for a worked solution that ends in a letter."""
    return f"Question: {question}\nOptions:\n{option_lines(options)}\n{CUES['choice']}"


def program(question: str, options: Sequence[str] = ()) -> str:
    """Asks for a program whose output is the answer (GSI §7.1, Program of Thought)."""
    output = "the letter of the right option" if options else "the answer"
    body = f"{question}\nOptions:\n{option_lines(options)}" if options else question
    return f"Question: {body}\nWrite a Python program that prints {output}.\n{CUES['program']}"


def code(task: str, tests: str, given: str = "", function: str = "") -> str:
    """Asks for a function: what it does, tests, and its head if the tests don't name it.

    `given` is Python that the function may use.
    """
    blocks = [("Task: ", task), ("Tests:\n", tests), ("Given:\n", given), ("Function:\n", function)]
    return "".join(f"{head}{text}\n" for head, text in blocks if text) + CUES["code"]


def stdin(question: str) -> str:
    """Asks for a program that reads its input and prints its output."""
    return (
        f"Question: {question}\nWrite a Python program that reads standard input and prints the "
        f"output.\n{CUES['program']}"
    )


def option_lines(options: Sequence[str]) -> str:
    """One lettered option a line."""
    return "\n".join(
        f"({letter}) {option}" for letter, option in zip(LETTERS, options, strict=False)
    )


def prompt_of_kind(kind: str, question: str, options: Sequence[str], tests: Sequence[str]) -> str:
    """The prompt of a kind of problem, unless its format has one of its own."""
    makers = {
        "math": lambda: math(question),
        "choice": lambda: choice(question, options),
        "program": lambda: program(question, options),
        "stdin": lambda: stdin(question),
        "code": lambda: code(question, "\n".join(tests)),
    }
    return makers[kind]()


def with_answer(prompt: str, answer: str) -> str:
    """The prompt with the gold answer (GSI §5, Appendix D)."""
    return f"The answer is known to be {answer}. Show how it is reached.\n{prompt}"


def with_rationale(prompt: str, rationale: str) -> str:
    """The prompt with a gold rationale to learn from (GSI §5, Appendix D)."""
    return (
        "Here is a worked solution. Learn from it, then solve the problem in your own words.\n"
        f"Solution:\n{rationale.strip()}\n\n{prompt}"
    )


def with_explanation(prompt: str, attempt: str, explanation: str) -> str:
    """The prompt with a failed attempt and what was wrong with it (GSI §5, Appendix D)."""
    return (
        f"An earlier attempt at the problem below went wrong.\nAttempt:\n{attempt.strip()}\n"
        f"What was wrong:\n{explanation.strip()}\nSolve it anew without that mistake.\n\n{prompt}"
    )

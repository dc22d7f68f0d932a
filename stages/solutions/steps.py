"""How a solution splits into steps: the same for gold rationales and for what models write."""

import re

LINE = re.compile(r"[^\n]*\n|[^\n]+")
SENTENCE_END = re.compile(
    r"(?<![A-Z][a-z][.])(?<!Mrs[.])(?<![ .(][A-Z][.])"  # Dr. and J. end no sentence
    r"(?:(?<=[.!?])|(?<=[.!?][$)]))"
    r" +(?=[A-Z$\\(])"
)


def split_lines(text: str) -> list[str]:
    """Lines with their line ends; a blank line joins the line before it (the first one, after it).

    Only \\n ends a line: a form feed, for example, comes from a badly escaped \\frac.
    """
    steps: list[str] = []
    for line in LINE.findall(text):
        if steps and (not line.strip() or not steps[-1].strip()):
            steps[-1] += line
        else:
            steps.append(line)
    return steps


def split_steps(text: str) -> list[str]:
    """Steps whose concatenation is exactly the text: its lines, or the sentences of one line."""
    lines = split_lines(text)
    return _sentences(text) if len(lines) == 1 else lines


def prompt_prefix(prefix: str) -> str:
    """A prefix for a model to continue: a blank at its end belongs to the next word's token."""
    return prefix.rstrip(" ")


def strip_overlap(prefix: str, continuation: str) -> str:
    """A continuation of `prompt_prefix`, without the blanks that the prefix already ends with."""
    return continuation.removeprefix(prefix[len(prompt_prefix(prefix)) :])


def join_continuation(prefix: str, continuation: str) -> str:
    """The whole text, with the prefix exactly as it was."""
    return prefix + strip_overlap(prefix, continuation)


def _sentences(text: str) -> list[str]:
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]

"""Formats: how the rows of each data set become problems. A new format is one more function."""

from collections.abc import Callable
from functools import partial

from stages.tasks.formats import (
    functions,
    input_output,
    latex,
    mathinstruct,
    multiple_choice,
    plain,
    words,
)
from stages.tasks.formats.row import ParsedProblem, Row

Format = Callable[[Row, str], list[ParsedProblem]]


def _one_per_row(read: Callable[[Row], ParsedProblem]) -> Format:
    """A format whose rows are one problem each, whatever the split."""
    return lambda row, split: [read(row)]


FORMATS: dict[str, Format] = {
    "gsm8k": _one_per_row(words.gsm8k),
    "gsm8k_annotated": _one_per_row(partial(words.gsm8k, annotations=True)),
    "gsm_hard": _one_per_row(words.gsm_hard),
    "svamp": _one_per_row(words.svamp),
    "theoremqa": _one_per_row(words.theoremqa),
    "math": _one_per_row(latex.math),
    "math500": _one_per_row(latex.math),
    "amc23": _one_per_row(latex.contest),
    "aime24": _one_per_row(latex.contest),
    "numina": _one_per_row(latex.numina),
    "aqua": _one_per_row(multiple_choice.choice),
    "mathqa": _one_per_row(multiple_choice.choice),
    "mmlu_math": _one_per_row(multiple_choice.mmlu_math),
    "mbpp": functions.mbpp,
    "apps": _one_per_row(input_output.apps),
    "taco": _one_per_row(input_output.apps),
    "code_contests": _one_per_row(input_output.code_contests),
    "humaneval": _one_per_row(functions.humaneval),
    "mathinstruct_cot": _one_per_row(mathinstruct.cot),
    "mathinstruct_pot": _one_per_row(mathinstruct.pot),
    "plain": _one_per_row(plain.plain),
}
PROGRAM_FORMATS = ("mbpp", "apps", "taco", "code_contests", "humaneval", "mathinstruct_pot")
"""Those whose answers are all programs; rows of `plain` say it themselves."""

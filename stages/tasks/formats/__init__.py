"""Formats: how the rows of each data set become problems. Another one is one more function."""

from collections.abc import Callable
from functools import partial

from stages.tasks.formats import functions, latex, mathinstruct, multiple_choice, plain, words
from stages.tasks.formats.row import Found, Row

Format = Callable[[Row, str], list[Found]]


def _one(read: Callable[[Row], Found]) -> Format:
    """A format whose rows are one problem each, whatever the split."""
    return lambda row, split: [read(row)]


FORMATS: dict[str, Format] = {
    "gsm8k": _one(words.gsm8k),
    "gsm8k_annotated": _one(partial(words.gsm8k, annotations=True)),
    "gsm_hard": _one(words.gsm_hard),
    "svamp": _one(words.svamp),
    "theoremqa": _one(words.theoremqa),
    "math": _one(latex.math),
    "math500": _one(latex.math),
    "amc23": _one(latex.contest),
    "aime24": _one(latex.contest),
    "numina": _one(latex.numina),
    "aqua": _one(multiple_choice.choice),
    "mathqa": _one(multiple_choice.choice),
    "mmlu_math": _one(multiple_choice.mmlu_math),
    "mbpp": functions.mbpp,
    "humaneval": _one(functions.humaneval),
    "mathinstruct_cot": _one(mathinstruct.cot),
    "mathinstruct_pot": _one(mathinstruct.pot),
    "plain": _one(plain.plain),
}

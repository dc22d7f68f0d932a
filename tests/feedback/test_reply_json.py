"""Replies as judges and critics write them: read in full, or malformed with the reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.feedback.critic import parse
from stages.feedback.reply_json import MalformedError, bare_latex, read_reply


def found(reflection: str, first_wrong: int = 1) -> str:
    return json.dumps({"reflection": reflection, "first_wrong": first_wrong}, ensure_ascii=False)


PLAIN = found("Fine.")
# reply, reflection: all of them say that step 1 is wrong
READ = [
    (PLAIN, "Fine."),
    (f"<think>\nStep 0: 7 {{wrong?}} no.\n</think>\n\n{PLAIN}", "Fine."),
    (f'<think>{found("A draft.", 0)}</think>{PLAIN}', "Fine."),
    (f"So it is step 1.\n</think>\n{PLAIN}", "Fine."),  # the template has opened it
    (f"<Reasoning>Long.</Reasoning>\n```json\n{PLAIN}\n```", "Fine."),
    (f"**Review**\n\nI went through it.\n\n~~~JSON\n{PLAIN}\n~~~\nHope it helps!", "Fine."),
    (f"  ```\n  {PLAIN}\n  ```", "Fine."),
    (f"The sets {{1, 2}} and [3] differ, see \\boxed{{2}}.\nResult: {PLAIN}.", "Fine."),
    ("x_{1} " * 900 + f"\n```json\n{PLAIN}\n```", "Fine."),
    (f"{PLAIN}\n\nOr once more:\n{PLAIN}", "Fine."),
    ('{"Reflection": "Fine.", "First Wrong": "1", "Confidence": 0.9}', "Fine."),
    ('{"review": {"reflection": "Fine.", "first-wrong": 1.0}}', "Fine."),
    (r'{"reflection": "\frac{1}{2} is \beta, \neq \theta", "first_wrong": 1}',
     r"\frac{1}{2} is \beta, \neq \theta"),
    (r'{"reflection": "so \(x\) is \alpha\\n and \text{kg}", "first_wrong": 1}',
     r"so \(x\) is \alpha\n and \text{kg}"),
    (r'{"reflection": "\\frac12 = 0.5\nThen \"half\", a\/b, \u00e9", "first_wrong": 1}',
     '\\frac12 = 0.5\nThen "half", a/b, é'),
    ('{"reflection": "See it:\ne.g. \\underline{3}\\ne.g. 4", "first_wrong": 1}',
     "See it:\ne.g. \\underline{3}\ne.g. 4"),
    ("{'reflection': 'Fine.', 'first_wrong': 1,}", "Fine."),
    ('{"reflection": "Fine.", "first_wrong": 1,\n}\n', "Fine."),
    ('{"reflection": "He says "so" here.", "first_wrong": 1}', 'He says "so" here.'),
    ('{reflection: "Fine.", first_wrong: 1}', "Fine."),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "reflection"), READ)
def test_what_was_written_is_read(reply: str, reflection: str) -> None:
    finding = parse(reply, 3)
    assert (finding.first_wrong, finding.reflection) == (1, reflection)


MALFORMED = [
    ("<think>\nIt may be step 1, or", "thinks to its end and has no answer"),
    (f"<think>{PLAIN}", "thinks to its end and has no answer"),
    ("<think>So.</think>", "is not JSON"),
    (f"{PLAIN} No, wait: {found('Fine.', 2)}", "has 2 answers that differ"),
    (f"```json\n{PLAIN}\n```\nNo: {found('Fine.', 2)}", "has 2 answers that differ"),
    (PLAIN[:-1], "is not JSON"),  # cut off
    (PLAIN[:-20], "is not JSON"),
    ('{"reflection": "Fine.", // sure\n "first_wrong": 1}', "is not JSON"),  # a word would go
    ('{"reflection": "Fine.", "first_wrong": 1, "first_wrong": 2}', "is not JSON"),
    ('{"reflection": "Fine.", "first_wrong": 1, "First_Wrong": 2}', "has a name twice"),
    ('{"reflection": "Fine.", "first_wrong": 1 "first_wrong": 2}', "is not JSON"),
    ("{" * 30_000, "is not JSON"),
    ("[" * 3_000 + "]" * 3_000, "is not JSON"),
    ("The first wrong step is 1.", "is not JSON"),
]


@pytest.mark.parametrize(("reply", "reason"), MALFORMED)
def test_nothing_is_guessed(reply: str, reason: str) -> None:
    with pytest.raises(MalformedError) as error:
        parse(reply, 3)
    assert str(error.value) == reason


LETTERS = st.characters(exclude_categories=["Cs", "Cc"])


@given(
    st.text(LETTERS), st.sampled_from(["{}", "So:\n```json\n{}\n```\nDone.", "<think>x</think> {}"])
)
def test_proper_json_keeps_every_character(text: str, around: str) -> None:
    proper = json.dumps({"reflection": text}).replace("\\\\", "\\u005c")

    def read(value: Any) -> Any:
        return value["reflection"]

    assert read_reply(around.replace("{}", proper), read) == text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (r"\frac", r"\\frac"),
        (r"\\frac", r"\\frac"),
        (r"\nThen", r"\nThen"),
        (r"\nabla", r"\\nabla"),
        (r"\n\nFirst", r"\n\nFirst"),
        (r"\tName", r"\tName"),
        (r"\times", r"\\times"),
        (r"\ne.g.", r"\ne.g."),
        (r"x \ne 0", r"x \\ne 0"),
        (r"\u00e9", r"\u00e9"),
        (r"\underline", r"\\underline"),
        (r"\(", r"\\("),
        (r"\"", r"\""),
        ("\\", "\\\\"),
    ],
)
def test_bare_backslashes_are_latex(written: str, kept: str) -> None:
    assert bare_latex(written) == kept

"""The JSON in a chat model's reply, as such models write it.

It may come after thinking, between sentences, in a code fence, with LaTeX's backslashes bare, or
slightly broken. What is read holds every letter that was written: a repair that would drop or
change one, two answers that differ, and anything cut short are malformed, and never guessed at.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from stages.grading.thinking import after_thinking

T = TypeVar("T")
MAX_TRIES = 5_000  # places of a reply where JSON may begin
MAX_BRACKETS = 5_000  # of what is worth a repair
FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
OPENER = re.compile(r"[\[{]")
ESCAPE = re.compile(r"\\(\\|\"|/|u[0-9a-fA-F]{4}|[a-zA-Z]+|.|\n|\Z)", re.DOTALL)
# LaTeX's commands that begin as the escapes of a newline, a carriage return and a tab do
COMMANDS = re.compile(
    r"""nabla|natural|ncong|ne|nearrow|neg|neq|nequiv|newline|nexists|ngeq|ni|nleq|nmid|nolimits
    |nonumber|not|notag|notin|nparallel|nprec|nsubseteq|nsucc|nu|nwarrow
    |raise|rangle|rbrace|rbrack|rceil|ref|relax|rfloor|rho|right|rightarrow|rightharpoonup
    |rightleftharpoons|risingdotseq|rm|root|rule|rvert
    |tag|tan|tanh|tau|tbinom|text|textbf|textit|textrm|textstyle|tfrac|therefore|theta|thickapprox
    |thicksim|thinspace|tilde|times|tiny|to|top|triangle|triangleleft|triangleq|triangleright""",
    re.VERBOSE,
)
ESCAPED = re.compile(r"\\(?:[nrtbf\"/\\]|u[0-9a-fA-F]{4})|\s")
WORDS = re.compile(r"\w")
DECODER = json.JSONDecoder(
    strict=False, object_pairs_hook=lambda pairs: _object_without_duplicates(pairs)
)


class MalformedError(Exception):
    """A reply can't be used; the message says why."""


def read_reply(text: str, read: Callable[[Any], T]) -> T:
    """What `read` makes of the one answer in a reply; names are in small letters.

    `read` takes a parsed value and raises MalformedError if it has another form.
    """
    spoken = after_thinking(text)
    if spoken is None:
        raise MalformedError("thinks to its end and has no answer")
    answer = bare_latex(spoken.strip())
    fault: MalformedError | None = None
    for values in _readings(answer):
        found, fault = _try_all(values, read, fault)
        if len(found) > 1:
            raise MalformedError(f"has {len(found)} answers that differ")
        if found:
            return found[0]
    raise fault or MalformedError("is not JSON" if text.strip() else "is empty")


def bare_latex(text: str) -> str:
    """The text with every backslash that is none of JSON's doubled: \\frac is no form feed."""
    return ESCAPE.sub(
        lambda m: m[0] if _is_escape(m[1], text[m.end() : m.end() + 1]) else "\\" + m[0], text
    )


def _is_escape(rest: str, after: str) -> bool:
    """Whether a backslash and the letters that follow it are an escape of JSON."""
    if rest in ("\\", '"', "/") or re.fullmatch("u[0-9a-fA-F]{4}", rest):
        return True
    if rest[:1] in ("b", "f"):
        return len(rest) == 1  # before a letter, nobody means a backspace or a form feed
    if rest in ("ne", "ni") and after == ".":
        return True  # a new line that begins with e.g. or i.e.
    return rest[:1] in ("n", "r", "t") and not COMMANDS.fullmatch(rest)


def _try_all(
    values: list[Any], read: Callable[[Any], T], fault: MalformedError | None
) -> tuple[list[T], MalformedError | None]:
    """(what can be read, each once; the first fault)."""
    found: list[T] = []
    for value in values:
        for meant in (value, *_unwrap(value)):
            try:
                made = read(_tidy(meant))
            except MalformedError as error:
                fault = fault or error
            else:
                found += [made] if made not in found else []
                break
    return found, fault


def _unwrap(value: Any) -> list[Any]:
    """What an array of one holds, or an object under one name, or as its only array."""
    if isinstance(value, list):
        return value if len(value) == 1 else []
    pieces = list(value.values()) if isinstance(value, dict) else []
    arrays = [piece for piece in pieces if isinstance(piece, list)]
    return pieces if len(pieces) == 1 else arrays if len(arrays) == 1 else []


def _readings(answer: str) -> Iterator[list[Any]]:
    """Values that a reply may mean, the surest reading first."""
    whole = _parse(answer)
    if whole is not None:
        yield whole
    inside = [*_scan(answer)]
    yield inside
    if len(inside) > 1 and all(isinstance(value, dict) for value in inside):
        yield [inside]  # an object on each line
    fenced = [match[2] for match in FENCE.finditer(answer)]
    yield [value for block in fenced or [_span(answer)] for value in _repair(block)]


def _parse(text: str) -> list[Any] | None:
    """The value of a text that is JSON and nothing else; None for another."""
    try:
        value, end = DECODER.raw_decode(text.strip())
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair can't be stored
    except (ValueError, RecursionError):
        return None
    return [value] if end == len(text.strip()) else None


def _scan(text: str) -> Iterator[Any]:
    """Objects, and arrays of objects, that stand in a text."""
    at = 0
    for _ in range(MAX_TRIES):
        opener = OPENER.search(text, at)
        if opener is None:
            return
        at = opener.end()
        try:
            value, end = DECODER.raw_decode(text, opener.start())
            json.dumps(value, ensure_ascii=False).encode()
        except ValueError:
            continue
        except RecursionError:
            return
        at = end
        if isinstance(value, dict) or (value and isinstance(value[0], dict)):
            yield value


def _span(text: str) -> str:
    """From the first bracket to the last; empty unless both are there."""
    opener, end = OPENER.search(text), max(text.rfind("]"), text.rfind("}"))
    return text[opener.start() : end + 1] if opener else ""


def _repair(text: str) -> Iterator[Any]:
    """The value of JSON with small faults, if it holds all that was written and no more."""
    import json_repair

    text = text.strip()
    if not text.endswith(("]", "}")) or len(OPENER.findall(text)) > MAX_BRACKETS:
        return
    try:
        value = json_repair.loads(text, skip_json_loads=True)
        written = json.dumps(value, ensure_ascii=False)
        written.encode()
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict | list) and _letters(text) == _letters(written):
        yield value


def _letters(text: str) -> str:
    """Letters and digits, in order, without case (Python's True) and without escapes."""
    python = re.sub(r"\bNone\b", "null", ESCAPED.sub(" ", text))
    return "".join(WORDS.findall(python)).casefold()


def _tidy(value: Any) -> Any:
    """The value with its names in small letters. Raises MalformedError if two become the same."""
    if isinstance(value, list):
        return [_tidy(piece) for piece in value]
    if not isinstance(value, dict):
        return value
    tidy = {re.sub(r"[\s-]+", "_", k.strip().casefold()): _tidy(v) for k, v in value.items()}
    if len(tidy) < len(value):
        raise MalformedError("has a name twice")
    return tidy


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises ValueError if a name occurs twice."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)

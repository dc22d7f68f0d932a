r"""Parts of a written solution that no step may cut: mathematics, environments, code and tables.

A part that nothing closes (the text was cut off, or its opening is a slip) reaches only to where
prose seems to go on: to a blank line, or to a line that begins as a sentence does. Every part is
found from what stands in it, so a text cut at the end of a step has the same parts as before.
"""

import re
from typing import Literal, NamedTuple

TOKEN = re.compile(
    r"\\begin\{(?P<begin>[A-Za-z]{1,30}\*?)\}|\\end\{(?P<end>[A-Za-z]{1,30}\*?)\}"
    r"|(?P<figure>\[asy\])|(?P<figure_end>\[/asy\])"  # MATH's drawings
    r"|(?P<delimiter>\\[\[\]()])|\\."  # \\[2pt] opens nothing, and \$ is a dollar
    r"|(?P<dollar>\$\$?)"
    r"|^[ \t]*(?P<fence>```|~~~)(?P<info>[^\n]*)$"
    r"|(?P<blank>\n(?:[ \t\r]*\n)+)"
    r"|(?P<prose>^[ \t]*(?:[A-Z][a-z]+,|[A-Z][a-z]* [a-z]))",
    re.MULTILINE,
)
TABLE_RULE = re.compile(r"^[ \t]*(?=[|:-])[|: \t-]*$", re.MULTILINE)  # |---|:-:|


Kind = Literal["inline", "display", "code", "table"]


class Span(NamedTuple):
    """Characters `start` up to `end` of the text, kept in one step."""

    start: int
    end: int
    kind: Kind


def whole_spans(text: str) -> list[Span]:
    """The parts to keep whole, in order; those of tables may overlap others."""
    tokens = list(TOKEN.finditer(text))
    ends = _span_ends(text, tokens)
    spans: list[Span] = []
    reached = 0
    for token, (kind, end) in zip(tokens, ends, strict=True):
        if kind and token.start() >= reached:
            reached = end
            spans.append(Span(token.start(), end, kind))
    return sorted(spans + _tables(text))


def _span_ends(text: str, tokens: list[re.Match[str]]) -> list[tuple[Kind | None, int]]:
    """For each token, what it would open and where that ends; (None, 0) if it can't open.

    Read backwards, so that what follows a token is known when it is reached.
    """
    after = _After(text)
    ends = [after.read(token) for token in reversed(tokens)]
    return ends[::-1]


class _After:
    """The nearest token of each kind behind the place that the reading backwards has reached."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.next: dict[str, re.Match[str]] = {}
        self.begun_prose = -1  # where the prose begins that was read last
        self.open_ends: list[tuple[str, int]] = []  # environments' \end, not yet begun
        self.n_open: dict[str, int] = {}

    def read(self, token: re.Match[str]) -> tuple[Kind | None, int]:
        group = token.lastgroup
        opened: tuple[Kind | None, int] = (None, 0)
        if group == "begin":
            end = self._environment_end(token[group]) or self._begins("fence", "soft")
            opened = "display", end
        elif group == "end":
            self.open_ends.append((token[group], token.end()))
            self.n_open[token[group]] = self.n_open.get(token[group], 0) + 1
        elif group == "figure":
            closer = self.next.get("figure_end")
            opened = "code", closer.end() if closer else self._begins("hard")
        elif group == "delimiter":
            opened = self._delimiter_end(token[0])
            self.next[token[0]] = token
        elif group == "dollar":
            opened = self._display_dollars() if token[0] == "$$" else self._inline_dollar(token)
            self.next[token[0]] = token
        elif group == "figure_end":
            self.next[group] = token
        elif group == "info":
            mark = token["fence"]
            closer = self.next.get(mark)
            is_closed = closer is not None and not closer["info"].strip()
            opened = "code", closer.end() if closer and is_closed else self._begins("hard")
            self.next[mark] = self.next["fence"] = token
        elif group == "blank":
            self.next["blank"] = self.next["soft"] = token
            if self.begun_prose == token.end():
                self.next["hard"] = token
        elif group == "prose":
            self.next["soft"] = token
            self.begun_prose = token.start()
        return opened

    def _begins(self, *kinds: str) -> int:
        """Where the nearest token of these kinds begins, or the end of the text."""
        return min((self.next[k].start() for k in kinds if k in self.next), default=len(self.text))

    def _environment_end(self, name: str) -> int | None:
        if not self.n_open.get(name):
            return None
        while True:
            ended, at = self.open_ends.pop()
            self.n_open[ended] -= 1
            if ended == name:
                return at

    def _delimiter_end(self, mark: str) -> tuple[Kind | None, int]:
        if mark not in (r"\[", r"\("):
            return None, 0
        closing = r"\]" if mark == r"\[" else r"\)"
        closer = self.next.get(closing)
        limits = (mark,) if mark == r"\[" else (mark, "blank")
        is_closed = closer is not None and closer.start() < self._begins(*limits)
        if mark == r"\[":
            stray = self._begins("soft", mark, "$$", "fence")
            return "display", closer.end() if closer and is_closed else stray
        return ("inline", closer.end()) if closer and is_closed else (None, 0)

    def _display_dollars(self) -> tuple[Kind | None, int]:
        closer = self.next.get("$$")
        if closer and closer.start() < self._begins("hard"):
            return "display", closer.end()
        return "display", self._begins("soft", r"\[", "fence")

    def _inline_dollar(self, token: re.Match[str]) -> tuple[Kind | None, int]:
        """Mathematics, if no blank is just inside its dollars; else they are sums of money."""
        closer = self.next.get("$")
        if closer is None or closer.start() > self._begins("blank"):
            return None, 0
        before, after = self.text[max(token.start() - 1, 0) : token.start()], self.text[token.end()]
        last, behind = self.text[closer.start() - 1], self.text[closer.end() : closer.end() + 1]
        is_money = (before.isdigit() and not after.isalnum() and after != "\\") or behind.isdigit()
        if is_money or after.isspace() or last.isspace():
            return None, 0
        return "inline", closer.end()


def _tables(text: str) -> list[Span]:
    """Tables: a line with a bar, a rule below it, and the lines with bars that follow."""
    spans: list[Span] = []
    reached = 0
    for rule in TABLE_RULE.finditer(text):
        head_end = rule.start() - 1
        head = text.rfind("\n", 0, max(head_end, 0)) + 1
        if head < reached or "|" not in text[head:head_end] or not {"|", "-"} <= set(rule[0]):
            continue
        reached = rule.end()
        while reached < len(text):
            line_end = text.find("\n", reached + 1)
            line_end = len(text) if line_end < 0 else line_end
            if "|" not in text[reached + 1 : line_end]:
                break
            reached = line_end
        spans.append(Span(head, reached, "table"))
    return spans

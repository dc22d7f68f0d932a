"""The prompt of `ratchet sql`: statements on standard input, answered one by one."""

import importlib
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from schemas import views
from schemas.catalog import TABLE_OF_NOUN
from schemas.errors import RatchetError
from stages.explore.output import Form
from stages.explore.sql import select
from stages.results import terminal

FIRST, NEXT = "ratchet> ", "    ...> "
HISTORY = Path("~/.ratchet_history")
HELP = """A select over the views, over as many lines as you like, ends with a semicolon.
describe VIEW;    its columns
summarize VIEW;   their values
.tables           the views
.quit             leave, as Ctrl-D does"""


class Prompt:
    """Reads from a terminal, with history, or from a pipe; an error does not end it."""

    def __init__(self, connection: Any, form: Form) -> None:
        self.connection = connection
        self.form = form
        self.interactive = sys.stdin.isatty()
        self.failed = False

    def listen(self) -> bool:
        """Answers until `.quit` or the end of the input; was every statement right?

        At a terminal a mistake is part of the conversation, and does not count.
        """
        readline = self._load_readline() if self.interactive else None
        written = ""
        while True:
            try:
                line = self._read_line(NEXT if written else FIRST)
                if line is None or (not written and line.strip() == ".quit"):
                    break
                written = self._add_line(written, line)
            except KeyboardInterrupt:  # Ctrl-C gives up what was written, or asked, so far
                print()
                written = ""
        self._run_statements(written)
        if readline:
            with suppress(OSError):
                readline.write_history_file(HISTORY.expanduser())
        return self.interactive or not self.failed

    def _read_line(self, prompt: str) -> str | None:
        if not self.interactive:
            return sys.stdin.readline() or None
        try:
            return input(prompt) + "\n"
        except EOFError:
            print()
            return None

    def _add_line(self, written: str, line: str) -> str:
        """Answers if the line completes a statement; returns what is still incomplete."""
        if not written and line.startswith("."):
            self._command(line.strip())
            return ""
        written = (written + line).lstrip()
        # SQLite's test is the same in SQL's every dialect: a semicolon outside quotes and comments.
        if not sqlite3.complete_statement(written):
            return written
        self._run_statements(written)
        return ""

    def _command(self, command: str) -> None:
        if command == ".help":
            print(HELP)
        elif command == ".tables":
            what = {
                noun: (table.__doc__ or "").split("\n")[0] for noun, table in TABLE_OF_NOUN.items()
            }
            rows = [(name, what.get(name, "")) for name in views.view_names(self.connection)]
            terminal.console().print(terminal.table(["view", "what"], rows))
        else:
            self._complain(f"there is no {command}: there are .help, .tables and .quit")

    def _run_statements(self, written: str) -> None:
        """Answers each statement of a text, until one is wrong."""
        try:
            for statement in duckdb.extract_statements(written):
                select.show_select(self.connection, statement.query, self.form)
        except duckdb.Error as error:
            self._complain(views.error_reason(error))
        except RatchetError as error:
            self._complain(str(error))

    def _complain(self, message: str) -> None:
        self.failed = True
        print(f"ratchet: {terminal.one_line(message)}", file=sys.stderr)

    def _load_readline(self) -> Any:
        """Editing, history and the views' names on Tab, where Python has readline."""
        try:
            readline = importlib.import_module("readline")
        except ImportError:
            return None
        with suppress(OSError):
            readline.read_history_file(HISTORY.expanduser())
        names = views.view_names(self.connection)

        def complete(start: str, n: int) -> str | None:
            return next(iter([name for name in names if name.startswith(start)][n:]), None)

        readline.set_completer(complete)
        readline.parse_and_bind("tab: complete")
        return readline

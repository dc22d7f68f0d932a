"""The prompt of `ratchet sql`: answers statements from standard input one by one."""

import importlib
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from schemas import views
from schemas.comments import described_views
from schemas.errors import RatchetError
from stages.explore.output import Form
from stages.explore.sql import one_select
from stages.results import terminal

FIRST, NEXT = "ratchet> ", "    ...> "
HISTORY = Path("~/.ratchet_history")
HELP = """End a select with a semicolon; it may span several lines.
describe VIEW;    list its columns
summarize VIEW;   summarize their values
.tables           list the views
.quit             leave, as Ctrl-D does"""


class Prompt:
    """Reads from a terminal, with history, or from a pipe; continues after an error."""

    def __init__(self, connection: Any, form: Form) -> None:
        self.connection = connection
        self.form = form
        self.interactive = sys.stdin.isatty()
        self.failed = False

    def listen(self) -> bool:
        """Answers until `.quit` or the end of the input; returns whether all statements succeeded.

        At a terminal a mistake does not count as a failure.
        """
        readline = self._load_readline() if self.interactive else None
        pending = ""
        while True:
            try:
                line = self._read_line(NEXT if pending else FIRST)
                if line is None or (not pending and line.strip() == ".quit"):
                    break
                pending = self._add_line(pending, line)
            except KeyboardInterrupt:  # Ctrl-C drops the text so far, or stops the running query
                print()
                pending = ""
        self._run_statements(pending)
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

    def _add_line(self, pending: str, line: str) -> str:
        """Answers if the line completes a statement; returns the text that is still incomplete."""
        if not pending and line.startswith("."):
            self._command(line.strip())
            return ""
        pending = (pending + line).lstrip()
        # SQLite's test holds in every SQL dialect: a semicolon outside quotes and comments.
        if not sqlite3.complete_statement(pending):
            return pending
        self._run_statements(pending)
        return ""

    def _command(self, command: str) -> None:
        if command == ".help":
            print(HELP)
        elif command == ".tables":
            rows = [(row["view"], row["about"]) for row in described_views(self.connection)]
            terminal.console().print(terminal.table(["view", "about"], rows))
        else:
            self._complain(f"there is no command {command}: use .help, .tables or .quit")

    def _run_statements(self, text: str) -> None:
        """Answers each statement of a text, until one fails."""
        try:
            for statement in duckdb.extract_statements(text):
                one_select.show_select(self.connection, statement.query, self.form)
        except duckdb.Error as error:
            self._complain(views.error_reason(error))
        except RatchetError as error:
            self._complain(str(error))

    def _complain(self, message: str) -> None:
        self.failed = True
        print(f"ratchet: {terminal.one_line(message)}", file=sys.stderr)

    def _load_readline(self) -> Any:
        """Sets up editing, history and view names on Tab; None if Python has no readline."""
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

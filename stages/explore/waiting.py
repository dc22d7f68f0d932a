"""A bar while DuckDB works."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task, TimeElapsedColumn
from rich.progress_bar import ProgressBar

from stages.stage import quiet

MOMENT_S = 1.0  # what takes no longer needs no bar


class Share(ProgressColumn):
    """How much of its query a connection has done."""

    max_refresh = 0.2

    def __init__(self, connection: Any) -> None:
        super().__init__()
        self.connection = connection

    def render(self, task: Task) -> ProgressBar:
        """Asked from the bar's own thread, while another waits for the query."""
        return ProgressBar(100, max(0.0, self.connection.query_progress()), width=40)


@contextmanager
def waiting(connection: Any) -> Iterator[None]:
    """Shows on standard error how far the query in the block is, if it takes a while."""
    if quiet():
        yield
        return
    columns = (Share(connection), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("")
    start = Timer(MOMENT_S, bar.start)
    start.start()
    try:
        yield
    finally:
        start.cancel()
        start.join()
        bar.stop()

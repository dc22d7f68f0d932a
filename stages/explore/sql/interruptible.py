"""Runs DuckDB queries with a progress bar, and stops them on Ctrl-C."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Timer
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task, TimeElapsedColumn
from rich.progress_bar import ProgressBar

from stages.pipeline.progress_bar import is_quiet

T = TypeVar("T")
POLL_S = 0.1
BAR_DELAY_S = 1.0  # quicker queries show no bar


class QueryProgress(ProgressColumn):
    """How much of its current query a connection has done."""

    max_refresh = 0.2

    def __init__(self, connection: Any) -> None:
        super().__init__()
        self.connection = connection

    def render(self, task: Task) -> ProgressBar:
        """Runs in the bar's own thread, while another waits for the query."""
        return ProgressBar(100, max(0.0, self.connection.query_progress()), width=40)


def run_interruptible(connection: Any, work: Callable[[], T]) -> T:
    """Returns what `work` does; it runs in a thread, as in the main one DuckDB may miss Ctrl-C."""
    with ThreadPoolExecutor(1) as thread, _progress_bar(connection):
        future = thread.submit(work)
        try:
            while wait([future], timeout=POLL_S).not_done:
                pass  # polars makes waiting calls resume after a signal: wake up to notice it
            return future.result()
        except KeyboardInterrupt:
            while wait([future], timeout=POLL_S).not_done:
                connection.interrupt()
            raise


@contextmanager
def _progress_bar(connection: Any) -> Iterator[None]:
    """Shows on standard error how far the query in the block is, once it takes a while."""
    if is_quiet():
        yield
        return
    columns = (QueryProgress(connection), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("")
    start = Timer(BAR_DELAY_S, bar.start)
    start.start()
    try:
        yield
    finally:
        start.cancel()
        start.join()
        bar.stop()

"""A bar while DuckDB works, and an ear for Ctrl-C."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Timer
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task, TimeElapsedColumn
from rich.progress_bar import ProgressBar

from stages.pipeline.progress_bar import quiet

T = TypeVar("T")
EAR_S = 0.1
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


def waited_for(connection: Any, work: Callable[[], T]) -> T:
    """What `work` returns: a query, in a thread, as DuckDB in the main one may miss Ctrl-C."""
    with ThreadPoolExecutor(1) as thread, _bar(connection):
        answer = thread.submit(work)
        try:
            while wait([answer], timeout=EAR_S).not_done:
                pass  # polars has waiting calls go on after a signal: wake up and look
            return answer.result()
        except KeyboardInterrupt:
            while wait([answer], timeout=EAR_S).not_done:
                connection.interrupt()
            raise


@contextmanager
def _bar(connection: Any) -> Iterator[None]:
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

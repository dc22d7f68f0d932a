"""Progress bars for people; silence in logs."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stages.pipeline.running_stage import tell_progress


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Shows a bar on standard error; the yielded function advances it by a number of items.

    `ratchet status` is told too, without a terminal as well.
    """
    done = 0

    def tell(amount: int) -> None:
        nonlocal done
        done += amount
        tell_progress(what, done, total)

    tell(0)
    if is_quiet() or total == 0:
        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)

        def advance(amount: int) -> None:
            bar.advance(task, amount)
            tell(amount)

        yield advance


def is_quiet() -> bool:
    """Whether to show no bars: without a terminal, in CI, or with RATCHET_QUIET set."""
    return not sys.stderr.isatty() or bool({"CI", "RATCHET_QUIET"} & {*os.environ})

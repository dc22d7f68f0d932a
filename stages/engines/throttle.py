"""Congestion control for all requests of an engine to its server.

A server that replies that it is busy (429, 503) means all requests, not only the one it refused. So
nothing more is sent until the time that it names, and then only half as many requests at once; each
answer raises that number a little, as with TCP's congestion window (RFC 5681).
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

FIRST_S, MOST_S = 0.5, 60.0  # first and longest delay if the server names none


class Throttle:
    """Allows at most `max_requests` requests at once; fewer, and later, after a busy reply."""

    def __init__(
        self,
        max_requests: int,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        import asyncio

        self.max_requests, self.clock, self.chance = max_requests, clock, chance
        self.sleep = sleep or asyncio.sleep
        self.window = float(max_requests)
        self.n_answers = 0
        self._opens_at = self._slowed_at = -1.0
        self.begin()

    def begin(self) -> None:
        """Must be called in each new event loop; keeps the window that answers have set."""
        import asyncio

        self._n_running, self._slot_freed = 0, asyncio.Condition()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Waits until one more request may be sent; yields the time at which it is sent."""
        async with self._slot_freed:
            await self._slot_freed.wait_for(lambda: self._n_running < int(self.window))
            self._n_running += 1
        try:
            while (wait_s := self._opens_at - self.clock()) > 0:
                await self.sleep(wait_s * (1 + self.chance() / 4))  # jitter, or all return at once
            yield self.clock()
        finally:
            async with self._slot_freed:
                self._n_running -= 1
                self._slot_freed.notify_all()

    def record_answer(self) -> None:
        """Records an answer: after a window of answers, one more request may run at once."""
        self.n_answers += 1
        self.window = min(float(self.max_requests), self.window + 1 / self.window)

    def record_busy(self, sent: float, wait_s: float) -> None:
        """Records a busy reply to a request sent at `sent`; requests sent together count once."""
        now = self.clock()
        self._opens_at = max(self._opens_at, now + wait_s)
        if sent > self._slowed_at:
            self.window, self._slowed_at = max(1.0, self.window / 2), now

    def retry_delay_s(self, tries: int) -> float:
        """Seconds to wait after so many failed attempts: doubled each time, with jitter."""
        longest = min(MOST_S, FIRST_S * 2.0 ** (tries - 1))
        return longest * (1 + self.chance()) / 2


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that a reply's headers ask to wait (Retry-After in seconds, as a date or in ms)."""
    try:
        if "retry-after-ms" in headers:
            return _finite(float(headers["retry-after-ms"]) / 1000)
        return _finite(float(headers["retry-after"]))
    except KeyError:
        return None
    except ValueError:
        return _seconds_until(headers.get("retry-after", ""))


def _finite(seconds: float) -> float | None:
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    """Seconds until an HTTP date; None for anything else."""
    from email.utils import parsedate_to_datetime

    try:
        then = parsedate_to_datetime(date)
        if then.tzinfo is None:  # HTTP dates are GMT, even those that do not say so
            then = then.replace(tzinfo=UTC)
        return max(0.0, (then - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None

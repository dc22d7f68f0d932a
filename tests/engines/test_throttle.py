"""The pace of asking a server: a busy one holds back all requests, and time is not spent here."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from schemas.errors import RatchetError
from stages.engines.chat import ChatEngine
from stages.engines.engine import Request
from stages.engines.throttle import Throttle, retry_after_s
from stages.models.sampling import Sampling
from tests.fakes.chat_server import Reply, says, serving, turns_away
from tests.fakes.small_settings import judge_settings

pytestmark = pytest.mark.usefixtures("run_folder")

SAMPLING = Sampling(0.5, 1.0, 100)


class Clock:
    """Time that passes only by sleeping; what was slept is kept."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def pace(self, most: int, chance: float = 0.0) -> Throttle:
        return Throttle(most, self.sleep, lambda: self.now, lambda: chance)


def ask(reply: Reply | list[Reply], pace: Throttle, n: int = 1, **changes: object) -> int:
    """How many requests reached a server that gives these replies in turn, then answers."""
    replies = reply if isinstance(reply, list) else [reply] * 1000

    def answer(_: str, number: int) -> Reply:
        return replies[number] if number < len(replies) else says("done")

    with serving(answer) as chat:
        settings = judge_settings(url=chat.url, concurrency=pace.max_requests, **changes)
        engine = ChatEngine(settings, throttle=pace)
        done = engine.complete([Request(str(i), 0, i) for i in range(n)], SAMPLING)
        assert [c.text for c in done] == ["done"] * n
        return len(chat.asked)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait_s", [0, 7, 90.5])
def test_the_time_that_a_busy_server_names_is_waited(status: int, wait_s: float) -> None:
    clock = Clock()
    assert ask([turns_away(wait_s, status)], clock.pace(1), retries=1) == 2
    assert clock.now == wait_s


def test_one_that_is_turned_away_holds_back_all() -> None:
    clock = Clock()
    pace = clock.pace(4)
    started: list[float] = []

    async def one(number: int) -> None:
        async with pace.slot() as sent:
            started.append(sent)
            if number == 0:
                pace.record_busy(sent, 30.0)
            else:
                pace.record_answer()

    async def run() -> None:
        pace.begin()
        await asyncio.gather(*(one(number) for number in range(6)))

    asyncio.run(run())
    assert started[0] == 0.0 and all(sent >= 30.0 for sent in started[1:])


def test_requests_that_were_sent_together_halve_it_once() -> None:
    clock = Clock()
    pace = clock.pace(16)
    for _ in range(16):
        pace.record_busy(0.0, 1.0)
    assert pace.window == 8
    clock.now = 2.0
    pace.record_busy(1.0, 1.0)
    assert pace.window == 4
    for _ in range(40):
        clock.now += 1
        pace.record_busy(clock.now, 1.0)
    assert pace.window == 1
    for _ in range(1 + 2 + 3):
        pace.record_answer()
    assert 3 < pace.window <= 4
    for _ in range(1000):
        pace.record_answer()
    assert pace.window == 16


def test_jitter_parts_those_that_come_back() -> None:
    clock = Clock()
    pace = clock.pace(1, chance=0.4)
    pace.record_busy(0.0, 10.0)

    async def run() -> float:
        pace.begin()
        async with pace.slot() as sent:
            return sent

    assert asyncio.run(run()) == pytest.approx(11.0)
    waits = [pace.retry_delay_s(tries) for tries in range(1, 12)]
    assert waits[:3] == pytest.approx([0.35, 0.7, 1.4]) and max(waits) == pytest.approx(42.0)


def test_all_are_answered_by_a_server_that_takes_one_at_a_time() -> None:
    """Every other request is turned away, far more often than `retries` in all."""
    clock = Clock()
    replies = [turns_away(1) if n % 2 else says("done") for n in range(80)]
    assert ask(replies, clock.pace(8), n=40, retries=3) >= 79


def test_a_server_that_answers_nobody_is_one_line() -> None:
    clock = Clock()
    with pytest.raises(RatchetError, match=r"is too busy and asks to wait 5 s \(.*slow down") as e:
        ask(turns_away(5), clock.pace(4), n=20, retries=3)
    assert "\n" not in str(e.value) and "lower judge.concurrency" in str(e.value)


def test_a_wait_of_hours_is_the_users_to_decide() -> None:
    clock = Clock()
    with pytest.raises(RatchetError, match="asks to wait 7200 s"):
        ask(turns_away(7200), clock.pace(2), n=4, retries=9)
    assert clock.now == 0


def test_a_server_that_names_no_time_is_left_alone_for_longer_each_time() -> None:
    clock = Clock()
    busy: Reply = (429, {"error": {"message": "slow down"}}, {})
    assert ask([busy] * 3, clock.pace(1), retries=3) == 4
    assert clock.slept == [0.25, 0.5, 1.0]


def test_what_the_network_loses_delays_only_itself() -> None:
    clock = Clock()
    pace = clock.pace(2)
    failing: Reply = (500, {"error": {"message": "lost"}}, {})
    assert ask([failing] * 2, pace, n=1, retries=2) == 3
    assert clock.slept == [0.25, 0.5] and pace.window == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 -0000"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 99999999999 07:28:00 GMT"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_waits_that_headers_name(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_a_date_is_a_wait_too() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < (retry_after_s({"retry-after": date}) or 0) <= 100

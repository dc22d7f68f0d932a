"""Scales of a chart: the pixel of each value, and the values written beside the axis."""

import math
from dataclasses import dataclass

TICK_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float
    percent: bool = False
    whole: bool = False

    def pixel(self, value: float) -> float:
        """The pixel of a value."""
        span = self.high - self.low or 1.0
        return round(self.start + (value - self.low) / span * (self.end - self.start), 1)

    def ticks(self, most: int = 6) -> list[float]:
        """At most `most` round values within the axis; integers if `whole`."""
        step = tick_step(self.high - self.low, most, self.whole)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]

    def label(self, value: float) -> str:
        """A tick's text."""
        if self.percent:
            return f"{100 * value:.4g}%"
        return short_number(value)

    def exact(self, value: float) -> str:
        """A value as a reader is told it."""
        if self.percent:
            return f"{100 * value:.1f}%"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def tick_step(span: float, most: int, whole: bool) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten with fewer than `most` in the span."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(
        power * s for s in TICK_STEPS if span / (power * s) <= most - 1 or s == TICK_STEPS[-1]
    )
    return max(1.0, math.ceil(step)) if whole else step


def zero_based_bounds(highest: float, percent: bool) -> tuple[float, float]:
    """From zero to a round value above the highest point; shares end at 1."""
    if highest <= 0:
        return 0.0, 1.0
    step = tick_step(highest * 1.05, 6, whole=False)
    top = math.ceil(highest * 1.05 / step - 1e-9) * step
    return 0.0, min(1.0, top) if percent else top


def round_bounds(values: list[float]) -> tuple[float, float]:
    """Round bounds around values of either sign, such as losses and log-probabilities."""
    low, high = min(values), max(values)
    step = tick_step((high - low) or abs(high) or 1.0, 6, whole=False)
    return math.floor(low / step) * step, math.ceil(high / step + 1e-9) * step


def short_number(value: float) -> str:
    """1500 → "1.5k", 2000000 → "2M", 0.25 → "0.25"."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"

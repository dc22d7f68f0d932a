"""Loads the strategy that `guide.strategy` names from the module of that name."""

from importlib import import_module

from stages.guidance.strategy import Strategy

PACKAGE = "stages.guidance.strategies"


def load_strategy(name: str) -> Strategy:
    """The strategy of a name in `tail.STRATEGIES`."""
    strategy: Strategy = import_module(f"{PACKAGE}.{name}").STRATEGY
    return strategy

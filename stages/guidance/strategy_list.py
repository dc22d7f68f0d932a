"""Every strategy that `guide.strategy` can name, from the module of its name."""

from importlib import import_module

from stages.guidance.strategy import Strategy

PACKAGE = "stages.guidance.strategies"


def load_strategy(name: str) -> Strategy:
    """The strategy of a name in `tail.STRATEGIES`."""
    strategy: Strategy = import_module(f"{PACKAGE}.{name}").STRATEGY
    return strategy

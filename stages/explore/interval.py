"""How sure a share is: stages.statistics.intervals has more."""

from stages.statistics.intervals import wilson

__all__ = ["wilson"]

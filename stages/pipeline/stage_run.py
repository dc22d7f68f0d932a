"""The iteration of the loop that a stage runs in."""

from dataclasses import dataclass, field


@dataclass
class StageRun:
    """One run of a stage: its iteration, the run's seed, its name and its cost counters."""

    iteration: int
    seed: int
    stage: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, **amounts: int) -> None:
        """Adds to the cost record: draws, draws_reused, tokens, optimiser_steps, trained_tokens."""
        for name, amount in amounts.items():
            self.counts[name] = self.counts.get(name, 0) + amount

"""Bytes of memory at the moment when most of it is taken, by what takes them."""

from dataclasses import asdict, dataclass, fields

MIB, GIB = 2**20, 2**30


@dataclass(frozen=True)
class Memory:
    """Bytes of one process on one device, at its peak.

    reference: a second model beside the one that is trained, and copies made while saving.
    runtime: what libraries keep for themselves.
    """

    weights: float = 0.0
    gradients: float = 0.0
    optimiser: float = 0.0
    activations: float = 0.0
    kv_cache: float = 0.0
    logits: float = 0.0
    reference: float = 0.0
    runtime: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return float(sum(asdict(self).values()))

    @property
    def certain(self) -> float:
        """What is taken for sure: states whose sizes follow from parameters alone."""
        return self.weights + self.gradients + self.optimiser + self.reference

    def largest(self) -> str:
        """The name of what takes most."""
        return max((field.name for field in fields(self)), key=lambda name: getattr(self, name))


def highest(*moments: Memory) -> Memory:
    """The moment that takes most."""
    return max(moments, key=lambda moment: moment.total)

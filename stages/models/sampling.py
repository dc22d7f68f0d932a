"""How completions are sampled, and the settings of a section that samples."""

from dataclasses import dataclass

from pydantic import Field

from stages.pipeline.params import Section


@dataclass(frozen=True)
class Sampling:
    """How to draw: temperature 0 is greedy; max_tokens counts new tokens."""

    temperature: float
    top_p: float
    max_tokens: int


class SamplingSettings(Section):
    """What a section that samples has."""

    temperature: float = Field(gt=0)
    top_p: float = Field(gt=0, le=1)
    max_tokens: int = Field(ge=1)

    @property
    def sampling(self) -> Sampling:
        """The three together."""
        return Sampling(self.temperature, self.top_p, self.max_tokens)

"""The rows that a model is trained on."""

from dataclasses import dataclass, field

import polars as pl

from stages.pipeline.digests import digest


@dataclass(frozen=True)
class Rows:
    """The rows to train on, with columns of the tables `pairs` and `examples`."""

    pairs: pl.DataFrame = field(default_factory=pl.DataFrame)
    examples: pl.DataFrame = field(default_factory=pl.DataFrame)

    def digest(self) -> str:
        """Digest of the rows in their order."""
        frames = [self.pairs, self.examples]
        return digest(*(value for frame in frames for value in frame.hash_rows(seed=0)))

    def prompts(self) -> list[str]:
        """The different prompts, in their order."""
        frames = [frame for frame in (self.pairs, self.examples) if not frame.is_empty()]
        return list(dict.fromkeys(prompt for frame in frames for prompt in frame["prompt"]))

    def n_prompts(self) -> int:
        """The number of different prompts."""
        return len(self.prompts())

    def split(self, share: float) -> tuple["Rows", "Rows"]:
        """(rows to train on, rows held out): `share` of the prompts is held out, by digest."""
        pairs, dev_pairs = _split_dev(self.pairs, share)
        examples, dev_examples = _split_dev(self.examples, share)
        return Rows(pairs, examples), Rows(dev_pairs, dev_examples)


def _split_dev(frame: pl.DataFrame, share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    if frame.is_empty():
        return frame, frame
    fractions = [int(digest("dev", prompt, size=4), 16) / 2**32 for prompt in frame["prompt"]]
    held = pl.Series(fractions) < share
    return frame.filter(~held), frame.filter(held)

"""Which of several texts to keep, by edit distance (SIPF 3.1; RFT's choice among equals)."""

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist


def representative_indices(texts: Sequence[str], similarity: float) -> list[int]:
    """For each text the place of the one that is kept in its stead; its own if it is kept.

    The first is kept, then again and again the one least like any that is kept, as long as it is
    less similar to each of them than `similarity` (1: equal, 0: nothing in common; one less the
    edit distance as a share of the longer text). Of equals, the earlier comes first.
    """
    if not texts:
        return []
    similarities = cdist(texts, texts, scorer=Levenshtein.normalized_similarity, dtype=np.float64)
    kept = [0]
    nearest = similarities[0].copy()  # of each text to those kept
    nearest[0] = np.inf
    while nearest.min() < similarity:
        index = int(nearest.argmin())
        kept.append(index)
        nearest = np.maximum(nearest, similarities[index])
        nearest[index] = np.inf
    closest = similarities[:, kept].argmax(axis=1)
    return [place if place in kept else kept[closest[place]] for place in range(len(texts))]


def most_different_index(candidates: Sequence[str], others: Sequence[str]) -> int:
    """The place of the candidate with the largest sum of edit distances to the others."""
    if not others or len(candidates) == 1:
        return 0
    return int(cdist(candidates, others, scorer=Levenshtein.distance).sum(axis=1).argmax())

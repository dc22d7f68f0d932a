"""Which of several texts to keep, by edit distance (SIPF §2.1; RFT's choice among equals)."""

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist


def representative_indices(texts: Sequence[str], similarity: float) -> list[int]:
    """For each text the index of the kept text that represents it; its own if it is kept.

    The first text is kept; then, again and again, the one least similar to all kept ones, as long
    as it is less similar to each of them than `similarity` (1: equal, 0: nothing in common; one
    minus the edit distance as a share of the longer text). Ties go to the earlier text.
    """
    if not texts:
        return []
    similarities = cdist(texts, texts, scorer=Levenshtein.normalized_similarity, dtype=np.float64)
    kept = [0]
    nearest = similarities[0].copy()  # similarity of each text to its nearest kept one
    nearest[0] = np.inf
    while nearest.min() < similarity:
        index = int(nearest.argmin())
        kept.append(index)
        nearest = np.maximum(nearest, similarities[index])
        nearest[index] = np.inf
    closest = similarities[:, kept].argmax(axis=1)
    return [index if index in kept else kept[closest[index]] for index in range(len(texts))]


def most_different_index(candidates: Sequence[str], others: Sequence[str]) -> int:
    """The index of the candidate with the largest sum of edit distances to the others."""
    if not others or len(candidates) == 1:
        return 0
    return int(cdist(candidates, others, scorer=Levenshtein.distance).sum(axis=1).argmax())

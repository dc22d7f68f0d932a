"""How sure a share is."""

import math

Z_95 = 1.959963984540054  # normal quantile of 97.5%


def wilson(n_correct: int, n: int) -> tuple[float, float]:
    """The 95% Wilson score interval of n_correct in n; the whole of [0, 1] for n = 0."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = n_correct / n, Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)

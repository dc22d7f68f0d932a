"""`python -m tests.bench.memory [WORDS]`: planned against measured peak memory.

Each case runs in a process of its own. What it measures is the highest resident memory above that
after all imports, so that only weights, states and tensors count. WORDS choose the cases whose
name has all of them.
"""

from __future__ import annotations

import sys
from itertools import product
from typing import Any

from tests.fakes.measured_memory import OBJECTIVES, MemoryCase, measure, planned_bytes

TRAINED = {"tiny": (32, 256), "30m": (8, 192), "130m": (4, 128)}  # rows of a batch, their tokens
ADAPTERS: dict[str, dict[str, Any] | None] = {
    "full": None,
    "lora": {"rank": 16, "alpha": 32, "dropout": 0.05, "bits": 16},
}


def cases() -> list[MemoryCase]:
    """Sampling, scoring, perplexity and every objective, on three models."""
    found = []
    for model, (rows, tokens) in TRAINED.items():
        for work, n_rows in product(("sample", "score", "perplexity"), (rows, 8 * rows)):
            found.append(MemoryCase(work, model, n_rows, tokens))
        for work, (kind, adapter), saving in product(OBJECTIVES, ADAPTERS.items(), (False, True)):
            if model == "130m" and work not in ("sft", "orpo", "dpo", "kto"):
                continue
            found.append(MemoryCase(work, model, rows, tokens, kind, adapter, saving))
    return found


def main(words: list[str]) -> None:
    """Prints a line for each case: planned and measured MiB, and their ratio."""
    for case in cases():
        if not all(word in case.name.split() for word in words):
            continue
        measured, planned = measure(case), planned_bytes(case)
        print(
            f"{case.name:45} planned {planned / 2**20:8.0f} MiB  "
            f"measured {measured / 2**20:8.0f} MiB  ratio {planned / measured:5.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])

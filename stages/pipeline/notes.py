"""What a stage says beside its tables."""

import os
import sys


def print_note(stage: str, message: str) -> None:
    """Prints a note of a stage on standard error, unless RATCHET_QUIET is set."""
    if not os.environ.get("RATCHET_QUIET"):
        print(f"{stage}: {message}", file=sys.stderr)

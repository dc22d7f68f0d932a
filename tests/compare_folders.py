"""`python -m tests.compare_folders A B`: do two folders of the same run hold the same bytes?

What counts is everything in the folders of data/ and models/. What a run measures of itself
(measured/, the seconds in metrics.json and report.html) differs between any two.
"""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path


def content(folder: Path) -> dict[str, str]:
    """Name → digest of every file that DVC would keep: those in folders of data/ and models/."""
    files = [file for top in ("data", "models") for file in (folder / top).glob("*/**/*")]
    kept = [f for f in files if f.is_file() and f.name != ".gitignore" and f.suffix != ".partial"]
    return digests(folder, kept)


def digests(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """Name below the folder → digest."""
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def differences(a: dict[str, str], b: dict[str, str]) -> list[str]:
    """One line for each file that is not the same in both."""
    lines = {name: "differs" for name in a.keys() & b.keys() if a[name] != b[name]}
    lines |= dict.fromkeys(a.keys() - b.keys(), "is only in the first")
    lines |= dict.fromkeys(b.keys() - a.keys(), "is only in the second")
    return [f"{name} {what}" for name, what in sorted(lines.items())]


if __name__ == "__main__":
    if len(sys.argv) != 3 or not all(Path(folder).is_dir() for folder in sys.argv[1:]):
        raise SystemExit("usage: python -m tests.compare_folders A B, the folders of two runs")
    first, second = (content(Path(folder)) for folder in sys.argv[1:])
    found = differences(first, second)
    print(*found, f"{len(first)} files, {len(found)} differences", sep="\n")
    sys.exit(1 if found or not first else 0)

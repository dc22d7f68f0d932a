"""`python -m tests.bench.grading_peers`: our verdicts and those of other graders on the same rows.

Needs RATCHET_DATASETS and a package index; makes a temporary environment for the peers
(PEERS_VENV=folder keeps one). Where ours and a peer differ, the data set decides who is right; for
spoilt programs its tests do, run plainly. `grading_judgements.csv`
holds what was decided by reading the row, and comes first. Takes about ten minutes;
`… grading_peers GSM8K` takes only the data sets whose names contain the word.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from stages.grading.grade import grade_all, grade_both
from stages.grading.reference import Reference
from tests.bench.peer_rows import PeerRow, all_rows, passes_plainly

PEERS = ("math-verify==0.9.0", "lm-eval==0.4.13", "evalplus==0.3.1")
NEEDED = (
    *("latex2sympy2_extended==1.11.0", "antlr4-python3-runtime==4.11.0", "sympy==1.14.0", "mpmath"),
    *(
        "numpy",
        "psutil",
        "pyyaml",
        "sacrebleu",
        "portalocker",
        "regex",
        "tabulate",
        "colorama",
        "lxml",
    ),
)
"""What the peers' modules import; all that the packages ask for would be torch and more."""
FOLDER = Path(__file__).parent
Key = tuple[str, str]
"""(data set, id)"""


def main() -> None:
    """Prints the table and the rows that nothing decides."""
    word = sys.argv[1] if sys.argv[1:] else ""
    rows = {(row.data, row.id): row for row in all_rows() if word in row.data}
    ours, flexible = our_verdicts(list(rows.values()))
    graders: dict[str, dict[Key, bool]] = {"ours": ours, "ours, flexible": flexible}
    with tempfile.TemporaryDirectory() as folder:
        graders |= peer_verdicts(list(rows.values()), Path(folder))
    judgements = read_judgements()

    table = Table(
        "data", "grader", "n", "right", "agrees", "differs", "ours is right", "peer is right"
    )
    undecided = []
    for data in dict.fromkeys(row.data for row in rows.values()):
        for grader, verdicts in graders.items():
            keys = [key for key in rows if key[0] == data and key in verdicts]
            if not keys:
                continue
            differ = [key for key in keys if verdicts[key] != ours[key]]
            truths = [truth(rows[key], grader, judgements) for key in differ]
            n_ours = sum(t == ours[key] for key, t in zip(differ, truths, strict=True))
            n_peer = sum(t == verdicts[key] for key, t in zip(differ, truths, strict=True))
            undecided += [(*k, grader) for k, t in zip(differ, truths, strict=True) if t is None]
            n = len(keys)
            shares = [sum(verdicts[key] for key in keys) / n, 1 - len(differ) / n]
            table.add_row(
                *(data, grader, f"{n:,}", *(f"{share:.2%}" for share in shares)),
                *(f"{len(differ):,}", f"{n_ours:,}", f"{n_peer:,}"),
            )
    Console(width=140).print(table)
    wrong = [k for k, row in rows.items() if truth(row, "", judgements) not in (None, ours[k])]
    print("ours is wrong:", *wrong, sep="\n  ")
    print("undecided:", *undecided, sep="\n  ")


def our_verdicts(rows: list[PeerRow]) -> tuple[dict[Key, bool], dict[Key, bool]]:
    """(by the stated answer, by the flexible one, which for programs is left out)."""
    answers = [row for row in rows if not row.program]
    programs = [row for row in rows if row.program]
    stated, flexible = {}, {}
    for row, both in zip(answers, grade_both([r.item for r in answers], workers=1), strict=True):
        stated[row.data, row.id] = both.stated.outcome == "correct"
        flexible[row.data, row.id] = both.flexible.outcome == "correct"
    found = grade_all([row.item for row in programs], workers=1)
    for row, verdict in zip(programs, found, strict=True):
        stated[row.data, row.id] = verdict.outcome == "correct"
    return stated, flexible


def peer_verdicts(rows: list[PeerRow], folder: Path) -> dict[str, dict[Key, bool]]:
    """The verdicts of each peer, made by `peer_graders.py` in an environment of the peers' own."""
    environment = Path(os.environ.get("PEERS_VENV") or folder / "peers")
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "--no-deps", *PEERS, *NEEDED]
        subprocess.run(install, check=True)
    given, made = folder / "rows.jsonl", folder / "verdicts.jsonl"
    with given.open("w") as out:
        for row in rows:
            _, reference, text = row.item
            gold = reference.answer if isinstance(reference, Reference) else reference
            before = reference.given if isinstance(reference, Reference) else ""
            said = {"data": row.data, "id": row.id, "kind": row.kind, "gold": gold}
            out.write(json.dumps({**said, "text": before + text, "program": row.program}) + "\n")
    subprocess.run(
        [python, "-I", FOLDER / "peer_graders.py", given, made],
        check=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
    )
    found: dict[str, dict[Key, bool]] = defaultdict(dict)
    for line in made.read_text().splitlines():
        said = json.loads(line)
        found[said["grader"]][said["data"], said["id"]] = said["is_right"]
    return found


def read_judgements() -> dict[Key, bool]:
    """What was decided by reading the row."""
    with (FOLDER / "grading_judgements.csv").open() as lines:
        return {(row["data"], row["id"]): row["is_right"] == "yes" for row in csv.DictReader(lines)}


def truth(row: PeerRow, grader: str, judgements: dict[Key, bool]) -> bool | None:
    """Whether the row is right; None if nothing says."""
    if (row.data, row.id) in judgements:
        return judgements[row.data, row.id]
    if grader == "evalplus with plus inputs":
        return None  # more tests than the data set's: another question
    if row.is_right is None and grader:
        return passes_plainly(row)
    return row.is_right


if __name__ == "__main__":
    main()

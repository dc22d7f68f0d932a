#!/usr/bin/env bash
# datasets.load_dataset of a local folder whose README.md names the files of its splits (as every
# folder made for the hub does) gives the rows of another folder of the same name, or those that the
# folder had before: once read, its cache knows such a folder by its name and the card's file names
# alone. Without a card the files' times are part of what it knows, and the rows are right.
# Installs a pinned package into a temporary folder. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - "$folder" 2>"$folder/errors" <<'PYTHON' || { code=$?; cat "$folder/errors" >&2; exit $code; }
import sys
from pathlib import Path

from datasets import __version__, load_dataset

top = Path(sys.argv[1])
CARD = "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: train.csv\n"


def first_row(folder, name, has_card):
    """The first row of a folder, just after it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.csv").write_text(f"name\n{name}\n")
    if has_card:
        (folder / "README.md").write_text(f"---\n{CARD}---\n")
    return load_dataset(str(folder), split="train", cache_dir=str(top / "cache"))["name"][0]


seen = {}
for has_card, kind in ((False, "bare"), (True, "card")):
    seen[kind] = [
        first_row(top / place / kind, name, has_card)
        for place, name in (("one", "first"), ("other", "second"), ("one", "changed"))
    ]
    print(f"datasets {__version__}, {kind}: expected first, second, changed; seen {seen[kind]}")
sys.exit(seen != {"bare": ["first", "second", "changed"], "card": ["first"] * 3})
PYTHON

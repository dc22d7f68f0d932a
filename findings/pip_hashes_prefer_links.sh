#!/usr/bin/env bash
# pip 26.3 installs another file once a requirement has hashes, though all of them are allowed: files
# whose link names its hash (as an index does) go before those in a plain folder, and only then do
# versions count. Of thing 1.0 from an index and 1.0+cpu from --find-links, `thing==1.0` is 1.0+cpu,
# and `thing==1.0` with the hashes of both is 1.0. So a lock with hashes turns a CPU build of torch
# at hand into the CUDA build of the index, with gigabytes of libraries.
# Installs a pinned package into a temporary folder. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pip==26.3
cd "$folder"
mkdir local index
venv/bin/python - <<'EOF'
import hashlib
from pathlib import Path
from zipfile import ZipFile

lines = []
for version, place in (("1.0", "index"), ("1.0+cpu", "local")):
    wheel = Path(place, f"thing-{version}-py3-none-any.whl")
    info = f"thing-{version}.dist-info"
    with ZipFile(wheel, "w") as file:
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: thing\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lines.append(f"--hash=sha256:{digest}")
    if place == "index":
        page = f'<a href="{wheel.resolve().as_uri()}#sha256={digest}">{wheel.name}</a>'
        Path("index.html").write_text(f"<!DOCTYPE html><html><body>{page}</body></html>")
Path("plain.txt").write_text("thing==1.0\n")
Path("hashed.txt").write_text(" ".join(["thing==1.0", *lines]) + "\n")
EOF
for requirements in plain hashed; do
    venv/bin/pip install --quiet --disable-pip-version-check --no-index --find-links local \
        --find-links index.html --target "$requirements" --requirement "$requirements.txt"
    found=$(ls "$requirements" | sed -n 's/^thing-\(.*\)\.dist-info$/\1/p')
    echo "pip $(venv/bin/pip --version | cut -d' ' -f2), $requirements requirement: thing $found"
    versions="${versions:-}$found "
done
[ "$versions" = "1.0+cpu 1.0 " ]

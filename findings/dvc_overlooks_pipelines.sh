#!/usr/bin/env bash
# DVC 3.67.1 (with dulwich 1.2.21) overlooks the dvc.yaml of a folder whose subfolders git ignores:
# with `/data/*/` in .gitignore it takes data/ itself for ignored, and the stages of data/dvc.yaml
# are not there, without a word. To git the file is one that can be added. `/data/?*/`, which ignores
# the same, lets DVC see them. `*` matches the empty name here: the path that DVC asks about is
# "data/", with its slash.
# Installs pinned packages into a temporary folder. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dvc==3.67.1 dulwich==1.2.21
export PATH="$folder/venv/bin:$PATH"
mkdir -p "$folder/repo/data" && cd "$folder/repo"
git init --quiet && dvc init --quiet
cat >data/dvc.yaml <<'YAML'
stages:
  step:
    cmd: echo made > made.txt
YAML
for pattern in '/data/*/' '/data/?*/'; do
    echo "$pattern" >.gitignore
    addable=$(git ls-files --others --exclude-standard data | wc -l)
    stages=$(dvc stage list --all --name-only | wc -l)
    echo "$pattern -> git can add $addable file of data/; DVC finds $stages stages"
    seen="${seen:-}$addable $stages "
done
[ "$seen" = "1 0 1 1 " ]

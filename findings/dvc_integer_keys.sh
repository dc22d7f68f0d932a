#!/usr/bin/env bash
# DVC 3.67.1 forgets stages whose `foreach` is a map with whole numbers as keys: `dvc repro` makes
# nothing, says that everything is up to date and ends with 0. The same map with quoted keys gives
# a stage for each. Both are valid YAML, and 1 and "1" make the same stage name.
# Installs pinned packages into a temporary folder. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dvc==3.67.1
export PATH="$folder/venv/bin:$PATH"
mkdir "$folder/repo" && cd "$folder/repo"
git init --quiet && dvc init --quiet
cat >dvc.yaml <<'YAML'
stages:
  step:
    foreach: ${turns}
    do:
      cmd: echo ${item.previous} > made_${key}.txt
      outs: ["made_${key}.txt"]
YAML
for form in 'turns: {1: {previous: 0}, 2: {previous: 1}}' \
    'turns: {"1": {previous: 0}, "2": {previous: 1}}'; do
    echo "$form" >params.yaml
    said=$(dvc repro 2>&1 | tail -n 1)
    made=$(find . -name 'made_*.txt' | wc -l)
    echo "$form -> $made files; dvc repro ends with: $said"
    counts="${counts:-}$made "
done
[ "$counts" = "0 2 " ]

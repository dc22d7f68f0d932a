#!/usr/bin/env bash
# DVC 3.67.1: the first `dvc exp run` of a pipeline warns of each output "No file hash info found for
# '…'. It won't be created.", and then creates it. `dvc repro` says nothing of the kind. (Before the
# stages run, their outputs are checked out, and those never made are taken for lost.)
# Installs pinned packages into a temporary folder. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dvc==3.67.1
export PATH="$folder/venv/bin:$PATH"
mkdir "$folder/repo" && cd "$folder/repo"
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@a
git init --quiet && dvc init --quiet
git config user.name a && git config user.email a@a
cat >dvc.yaml <<'YAML'
stages:
  step:
    cmd: echo made > made.txt
    outs: [made.txt]
YAML
git add -A && git commit --quiet -m start
said=$(dvc exp run 2>&1)
warned=$(grep "It won't be created" <<<"$said" || true)
echo "dvc exp run: ${warned:-no warning}; made.txt holds: $(cat made.txt)"
[ -n "$warned" ] && [ "$(cat made.txt)" = made ]

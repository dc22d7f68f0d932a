#!/usr/bin/env bash
# transformers builds a tokenizer from a GGUF file, but ignores two of the file's fields:
#   tokenizer.ggml.add_bos_token = true: no BOS comes before a text;
#   tokenizer.ggml.pre = smollm (digits one by one, then GPT-2's split): text is split as by GPT-2.
# Neither is said in a warning. llama.cpp follows both (src/llama-vocab.cpp).
# Installs pinned packages into a temporary folder. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.13.0 transformers==5.19.0 tokenizers==0.23.3 gguf==0.19.0 accelerate==1.15.0
cd "$folder"
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - <<'EOF'
import sys
from importlib.metadata import version

from gguf import GGUFWriter, TokenType
from tokenizers import pre_tokenizers
from transformers import AutoTokenizer

print(*(f"{name} {version(name)}" for name in ("transformers", "tokenizers", "gguf", "torch")))
specials = ["<unk>", "<s>", "</s>"]
merges = ["Ġ Ġ", "ĠĠ Ġ", "Ġ 1", "1 2"]
tokens = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet())]
tokens += [merge.replace(" ", "") for merge in merges]

writer = GGUFWriter("model.gguf", "llama")
writer.add_context_length(64)
writer.add_block_count(1)
writer.add_embedding_length(8)
writer.add_feed_forward_length(8)
writer.add_head_count(2)
writer.add_head_count_kv(1)
writer.add_rope_dimension_count(4)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_vocab_size(len(tokens))
writer.add_tokenizer_model("gpt2")
writer.add_tokenizer_pre("smollm")
writer.add_token_list(tokens)
writer.add_token_types([TokenType.CONTROL] * 3 + [TokenType.NORMAL] * (len(tokens) - 3))
writer.add_token_merges(merges)
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_unk_token_id(0)
writer.add_add_bos_token(True)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

tokenizer = AutoTokenizer.from_pretrained(".", gguf_file="model.gguf")
asked = {
    "a": (["<s>", "a"], ["a"]),
    "a   1": (["<s>", "a", "ĠĠĠ", "1"], ["a", "ĠĠ", "Ġ1"]),
    "12": (["<s>", "1", "2"], ["12"]),
}
changed = False
for text, (expected, known) in asked.items():
    seen = tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)
    print(f"{text!r}: the file asks for {expected}, seen {seen}")
    changed |= seen != known
sys.exit(changed)
EOF

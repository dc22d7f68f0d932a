#!/usr/bin/env bash
# transformers loads a Llama from a GGUF file, and
#   drops rope_freqs.weight, which is how files of Llama 3.1 and later state their RoPE scaling, so
#   that the model's positions are not those it was trained with; no warning says so;
#   refuses to save the model (not serializable), though its weights are plain float32 by then.
# Installs pinned packages into a temporary folder. Exits with 1 if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.13.0 transformers==5.19.0 tokenizers==0.23.3 gguf==0.19.0 accelerate==1.15.0
cd "$folder"
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - 2>stderr <<'EOF' || failed=1
import sys
from importlib.metadata import version

import numpy as np
import torch
from gguf import GGUFWriter
from transformers import AutoModelForCausalLM

print(*(f"{name} {version(name)}" for name in ("transformers", "gguf", "torch")))


def write(name, **more):
    writer = GGUFWriter(name, "llama")
    writer.add_context_length(64)
    writer.add_block_count(1)
    writer.add_embedding_length(8)
    writer.add_feed_forward_length(8)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_rope_dimension_count(4)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(16)
    draw = np.random.default_rng(0)
    block = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    shapes = {"token_embd": (16, 8), **{f"blk.0.{part}": (8, 8) for part in block}}
    shapes |= {part: (8,) for part in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm")}
    for part, shape in shapes.items():
        writer.add_tensor(f"{part}.weight", draw.normal(size=shape).astype(np.float32))
    for part, values in more.items():
        writer.add_tensor(f"{part}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


write("plain.gguf")
write("scaled.gguf", rope_freqs=np.array([1.0, 8.0], np.float32))
ids = torch.arange(16)[None]
plain, scaled = (
    AutoModelForCausalLM.from_pretrained(".", gguf_file=f"{name}.gguf")
    for name in ("plain", "scaled")
)
with torch.no_grad():
    same = torch.equal(plain(ids).logits, scaled(ids).logits)
kind = scaled.config.rope_parameters["rope_type"]
print(f"with rope_freqs [1, 8]: expected other logits than without; seen equal: {same}, rope {kind}")
dtypes = {weights.dtype for weights in plain.parameters()}
try:
    plain.save_pretrained("saved")
    refused = False
except ValueError as error:
    refused = True
    print(f"saving {dtypes} weights: expected a folder; seen ValueError: {str(error)[:70]}…")
sys.exit(not (same and refused and dtypes == {torch.float32}))
EOF
if grep -qi rope_freqs stderr; then
    echo "a warning names rope_freqs now"
    failed=1
fi
exit "${failed:-0}"

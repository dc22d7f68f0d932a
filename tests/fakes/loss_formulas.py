"""Every objective's equation in plain float64, from its paper: one row at a time, no padding."""

from pathlib import Path
from typing import Any

import polars as pl

from stages.training.training_settings import AlignSettings


def log_probabilities(model: Any, encoder: Any, prompt: str, steps: list[str], ends: bool) -> Any:
    """One list a step of log pi(token | what is before it); EOS is the last step's."""
    import torch

    row = encoder.encode(prompt, steps, 512, ends)
    logits = model(torch.tensor([row.ids])).logits[0]
    shares = torch.exp(logits) / torch.exp(logits).sum(-1, keepdim=True)
    found: list[list[Any]] = [[] for _ in steps]
    step = 0
    for place in range(row.n_prompt, len(row.ids)):
        while step < len(steps) - 1 and place > row.step_ends[step]:
            step += 1
        found[step].append(torch.log(shares[place - 1, row.ids[place]]))
    return found


def total(steps: list[list[Any]]) -> Any:
    """log pi of a whole completion."""
    return sum(sum(tokens) for tokens in steps)


def length(steps: list[list[Any]]) -> int:
    """Tokens of a completion."""
    return sum(len(tokens) for tokens in steps)


class Formula:
    """The equations over a policy and its reference (both float64)."""

    def __init__(self, policy: Any, reference: Any, encoder: Any, settings: AlignSettings):
        self.policy, self.reference = policy, reference
        self.encoder, self.s = encoder, settings

    def both(self, prompt: str, steps: list[str], ends: bool = True) -> tuple[Any, Any]:
        """Token log-probabilities by step: (of the policy, of the reference)."""
        import torch

        ours = log_probabilities(self.policy, self.encoder, prompt, steps, ends)
        with torch.no_grad():
            theirs = log_probabilities(self.reference, self.encoder, prompt, steps, ends)
        return ours, theirs

    def on_pairs(self, pairs: pl.DataFrame) -> Any:
        """Mean loss over pairs."""
        import torch

        losses = []
        for row in pairs.to_dicts():
            prompt = row["prompt"] + row["prefix"]
            w, w_ref = self.both(prompt, [row["chosen"]], row["chosen_ends"])
            l, l_ref = self.both(prompt, [row["rejected"]], row["rejected_ends"])  # noqa: E741
            losses.append(getattr(self, self.s.objective)(w, w_ref, l, l_ref))
        return torch.stack(losses).mean()

    def dpo(self, w: Any, w_ref: Any, l: Any, l_ref: Any) -> Any:  # noqa: E741
        return -log_sigmoid(self.s.beta * ((total(w) - total(w_ref)) - (total(l) - total(l_ref))))

    step_dpo = dpo

    def rpo(self, w: Any, w_ref: Any, l: Any, l_ref: Any) -> Any:  # noqa: E741
        return self.dpo(w, w_ref, l, l_ref) - self.s.nll * total(w) / length(w)

    def ipo(self, w: Any, w_ref: Any, l: Any, l_ref: Any) -> Any:  # noqa: E741
        r_w = (total(w) - total(w_ref)) / length(w)
        r_l = (total(l) - total(l_ref)) / length(l)
        return (r_w - r_l - 1 / (2 * self.s.beta)) ** 2

    def simpo(self, w: Any, w_ref: Any, l: Any, l_ref: Any) -> Any:  # noqa: E741
        s = self.s
        return -log_sigmoid(s.beta * total(w) / length(w) - s.beta * total(l) / length(l) - s.gamma)

    def orpo(self, w: Any, w_ref: Any, l: Any, l_ref: Any) -> Any:  # noqa: E741
        import torch

        p_w, p_l = torch.exp(total(w) / length(w)), torch.exp(total(l) / length(l))
        ratio = torch.log(p_w / (1 - p_w)) - torch.log(p_l / (1 - p_l))
        return -total(w) / length(w) - self.s.beta * log_sigmoid(ratio)

    def sft(self, examples: pl.DataFrame) -> Any:
        """Mean over all completion tokens of the batch."""
        rows = [self.both(r["prompt"], [r["completion"]])[0] for r in examples.to_dicts()]
        return -sum(total(row) for row in rows) / sum(length(row) for row in rows)

    def kto(self, examples: pl.DataFrame, partner: list[int]) -> Any:
        """KTO Eq. 7-8, with an NLL term of desirable rows."""
        import torch

        rows = examples.to_dicts()
        mean = sum(total(a) - total(b) for a, b in self.strangers(rows, partner)) / len(rows)
        z = max(mean.item(), 0.0)
        losses, nll = [], []
        for row in rows:
            ours, theirs = self.both(row["prompt"], row["steps"])
            r = total(ours) - total(theirs)
            losses.append(self.value_lost(r, z, row["correct"], ""))
            nll += [-total(ours) / length(ours)] if row["correct"] else []
        return torch.stack(losses).mean() + self.s.nll * torch.stack(nll).mean()

    def step_kto(self, examples: pl.DataFrame, partner: list[int]) -> Any:
        """Step-KTO: the outcome term, and the same on each labelled step with its own baseline.

        The last step is the outcome's (§2.4).
        """
        import torch

        rows = examples.to_dicts()
        strange = [
            sum(a) - sum(b)
            for pair in self.strangers(rows, partner)
            for a, b in zip(*pair, strict=True)
        ]
        z = max((sum(strange) / len(strange)).item(), 0.0)
        losses = []
        for row in rows:
            steps = zip(*self.both(row["prompt"], row["steps"]), strict=True)
            for (ours, theirs), right in zip(steps, (row["step_labels"] or [])[:-1], strict=False):
                losses.append(self.value_lost(sum(ours) - sum(theirs), z, right, "step_"))
        return self.kto(examples, partner) + torch.stack(losses).mean()

    def strangers(self, rows: list[dict[str, Any]], partner: list[int]) -> list[tuple[Any, Any]]:
        """Each prompt with another row's completion."""
        import torch

        with torch.no_grad():
            return [
                self.both(row["prompt"], rows[other]["steps"])
                for row, other in zip(rows, partner, strict=True)
            ]

    def value_lost(self, r: Any, z: float, right: bool, kind: str) -> Any:
        """lambda_y - v."""
        import torch

        beta = getattr(self.s, f"{kind}beta")
        weight = getattr(self.s, f"{kind}{'desirable' if right else 'undesirable'}")
        gain = beta * (r - z) if right else beta * (z - r)
        return weight - weight / (1 + torch.exp(-gain))


def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + e^-x))."""
    import torch

    return torch.log(1 / (1 + torch.exp(-x)))


def noisy(folder: Path, seed: int) -> Any:
    """The folder's model in float64, its weights a little moved."""
    import torch

    from stages.models.folders import load_policy

    model = load_policy(folder).double().eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.02 * torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
    return model

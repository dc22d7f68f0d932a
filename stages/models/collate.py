"""Rows of tokens as padded tensors."""

from collections.abc import Sequence
from typing import Any

MASKED = -100.0


def collate(rows: Sequence[dict[str, Any]], pad: int) -> dict[str, Any]:
    """Right-padded tensors input_ids, attention_mask (and labels, if rows have them)."""
    import torch

    width = max(len(row["input_ids"]) for row in rows)

    def pad_column(name: str, value: float) -> Any:
        return torch.tensor([[*r[name], *[value] * (width - len(r[name]))] for r in rows])

    batch = {"input_ids": pad_column("input_ids", pad)}
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    batch["attention_mask"] = (torch.arange(width)[None] < lengths[:, None]).long()
    if "labels" in rows[0]:
        batch["labels"] = pad_column("labels", MASKED).float()
    return batch

"""Rows of tokens as padded tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

MASKED = -100.0


def collate(rows: Sequence[Mapping[str, Sequence[float]]], pad: int) -> dict[str, torch.Tensor]:
    """Right-padded tensors (rows, tokens): input_ids, attention_mask, and labels if rows have them.

    `pad` fills input_ids, MASKED fills labels.
    """
    import torch

    width = max(len(row["input_ids"]) for row in rows)

    def pad_column(name: str, value: float) -> torch.Tensor:
        padded = [[*row[name], *[value] * (width - len(row[name]))] for row in rows]
        return torch.tensor(padded)  # (rows, tokens)

    batch = {"input_ids": pad_column("input_ids", pad)}
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])  # (rows,)
    mask = torch.arange(width)[None] < lengths[:, None]  # (rows, tokens)
    batch["attention_mask"] = mask.long()
    if "labels" in rows[0]:
        batch["labels"] = pad_column("labels", MASKED).float()
    return batch

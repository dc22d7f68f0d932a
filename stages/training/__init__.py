"""How anything is trained: rows, checkpoints, adapters, processes."""

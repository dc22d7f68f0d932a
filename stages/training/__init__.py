"""How models are trained: rows, checkpoints, adapters, processes."""

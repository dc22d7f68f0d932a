"""The `ratchet` command: SQL over a run's tables, the life of a sample, comparisons of runs."""

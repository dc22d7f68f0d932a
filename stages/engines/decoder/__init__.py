"""The embedded engine: a causal model decoded batch by batch with a key-value cache."""

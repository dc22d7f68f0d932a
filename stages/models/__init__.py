"""Checkpoint folders, tokens, and how models score given texts."""

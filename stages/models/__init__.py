"""Checkpoint folders, tokens, and what a model says of given texts."""

"""The rows that a model is trained on: pairs to prefer, paths to imitate, gold rationales."""

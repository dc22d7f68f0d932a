"""What a model is trained on: pairs to prefer, paths to imitate, gold."""

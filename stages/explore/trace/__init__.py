"""`ratchet trace`: everything recorded about a sample, path, rollout or problem."""

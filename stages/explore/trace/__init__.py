"""`ratchet trace`: the life of one sample, path or problem."""

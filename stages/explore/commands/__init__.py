"""The commands of `ratchet`: one module each, with its arguments, its help and what it calls."""

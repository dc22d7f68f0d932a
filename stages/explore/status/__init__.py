"""`ratchet status`: which stage runs, how far it is, and what is left."""

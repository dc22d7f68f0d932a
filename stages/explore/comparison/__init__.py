"""`ratchet compare`: the differences between two revisions of a run."""

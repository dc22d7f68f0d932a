"""`ratchet sql`: selects over the views of a run, in one go or at a prompt."""

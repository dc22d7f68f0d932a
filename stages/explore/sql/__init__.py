"""`ratchet sql`: selects over the views of a run, from the command line or at a prompt."""

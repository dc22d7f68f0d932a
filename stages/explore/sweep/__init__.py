"""`ratchet sweep`: runs of several settings, from a file."""

"""`ratchet compare`: what two revisions of a run do not share."""

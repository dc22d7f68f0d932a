"""`ratchet reproduce`: the papers' tables and figures as data, as runs, and side by side."""

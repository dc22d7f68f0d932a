"""Engines, which write text, and the generation ledger, which keeps it."""

"""`ratchet ledger`: what the generation ledger holds, and of whose models."""

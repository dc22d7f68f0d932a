"""`ratchet ledger`: what the generation ledger holds, and whose models drew it."""

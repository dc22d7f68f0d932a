"""Who writes text: engines, and the generation ledger that keeps what they wrote."""

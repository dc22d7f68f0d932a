"""Answers that are numbers, formulas or words: found, normalised and compared."""

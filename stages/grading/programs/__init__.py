"""Answers that are programs: found, run in a sandbox and tested."""

"""Help for hard problems (GSI): what is asked next of a problem, given what was tried."""

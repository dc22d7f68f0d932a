"""Help for hard problems (GSI §5): what to ask next about a problem, given its attempts."""

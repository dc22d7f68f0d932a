"""Is an answer right: completions against reference answers."""

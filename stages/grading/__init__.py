"""Whether an answer is right: completions compared with reference answers."""

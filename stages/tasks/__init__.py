"""Where problems come from: loaders, generators, prompts, and the truth of steps if known."""

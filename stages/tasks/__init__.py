"""What a problem is: loaders, prompts, step splitting, equations, and truth where it is known."""

"""A written solution: its steps, its equations, and what makes two solutions the same."""

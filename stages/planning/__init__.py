"""What a run will take: draws, tokens, memory, disk and time, before it starts."""

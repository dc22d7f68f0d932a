"""Where the work runs: threads, processes, a Ray cluster. Section `compute`."""

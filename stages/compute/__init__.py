"""Where the work runs: threads, processes, a Ray cluster. The section is `compute`."""

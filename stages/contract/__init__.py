"""What holds the project together: the list of stages, conflicts of settings, generated files."""

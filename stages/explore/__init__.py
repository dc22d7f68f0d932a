"""Looking at a run: SQL over its tables, the life of one sample, methods compared, the report."""

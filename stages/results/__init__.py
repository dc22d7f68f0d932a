"""A run's results: report.html, metrics.json, plots/ and the tables on the terminal."""

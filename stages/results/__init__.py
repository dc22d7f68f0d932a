"""A run's results: report.html, metrics.json, scores.json, plots/ and tables on the terminal."""

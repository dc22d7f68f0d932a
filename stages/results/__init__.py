"""What a run came to: report.html, metrics.json, plots/ and the tables on the terminal."""

"""What the report shows: each function takes the views and returns a section, or none."""

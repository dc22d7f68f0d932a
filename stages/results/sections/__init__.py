"""The report's sections: each function takes the views and returns a section, or None."""

"""What training minimises. One module per objective; all train from a folder into a folder."""

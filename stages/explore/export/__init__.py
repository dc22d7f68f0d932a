"""`ratchet export`: what a run made, as the folders that Hugging Face's tools read."""

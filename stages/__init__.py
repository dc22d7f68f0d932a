"""The pipeline: one module per stage, named by its verb, and the rooms that stages share."""

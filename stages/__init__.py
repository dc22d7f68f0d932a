"""The pipeline. A file here is a stage, named by its verb; a folder is a room that stages share."""

# From the ground up: a room imports schemas, rooms before it and itself, and no stage.
ROOMS = (
    "pipeline",
    "compute",
    "measures",
    "models",
    "grading",
    "solutions",
    "tasks",
    "training",
    "objectives",
    "engines",
    "guidance",
    "feedback",
    "training_rows",
    "results",
    "planning",
    "contract",
    "explore",
)

"""The pipeline. A file here is a stage, named by its verb; a folder is a room that stages share."""

import os
import sys
from _signal import SIGTERM, signal  # type: ignore[import-not-found]  # `signal` loads enum first

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


def _stop(number: int = 0, frame: object = None) -> None:
    """Ends a process that loads its libraries, or cleans up, with the line that `main` prints."""
    raise KeyboardInterrupt


def _say_interrupted(kind: type[BaseException], error: BaseException, trace: object) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)  # type: ignore[arg-type]
        return
    module = sys.orig_argv[sys.orig_argv.index("-m") + 1] if "-m" in sys.orig_argv else ""
    name = module.rpartition(".")[2]
    resumes = "; `dvc repro` resumes from here" if module else ""
    print(f"{name or 'ratchet'}: interrupted{resumes}", file=sys.stderr)


# Python imports this before anything else of a stage or of `ratchet`, so that a signal is one line
# from here on; a stage's `main` has not begun. (While `-m` looks for its module, argv[0] is "-m".)
if sys.argv[:1] == ["-m"] or os.path.basename("".join(sys.argv[:1])) == "ratchet":  # noqa: PTH119
    signal(SIGTERM, _stop)
    sys.excepthook = _say_interrupted

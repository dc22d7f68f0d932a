"""Tries one input after another: `python -m tests.fuzz.worker KIND`, a seed a line on its input.

It answers each with a line of JSON: what came of it, and of a fault the rest.
"""

import json
import os
import sys
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path
from random import Random

TRACEBACK = "Traceback (most recent call last)"


def outcome(kind: str, seed: int) -> tuple[str, str]:
    """(what came of an input, the details of a fault). Faults are "fault"."""
    case = import_module(f"tests.fuzz.{kind}").case
    before, environment = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            return case(Random(f"{kind} {seed}"), Path(folder)), ""
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # also a panic of a library in Rust, which is no Exception
            return "fault", "".join(traceback.format_exception(error))
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)


def main() -> None:
    """Answers on what standard output was; what is printed goes into a file, to be looked at."""
    answers = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile() as printed:
        for descriptor in (1, 2):
            os.dup2(printed.fileno(), descriptor)
        for line in sys.stdin:
            started = time.perf_counter()
            what, details = outcome(sys.argv[1], int(line))
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            printed.seek(0)
            said = printed.read().decode(errors="replace")
            printed.seek(0)
            printed.truncate()
            if what != "fault" and TRACEBACK in said:
                what, details = "fault", said
            answer = {"what": what, "details": details, "s": time.perf_counter() - started}
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()

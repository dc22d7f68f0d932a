"""What `dvc exp run` does besides, while it composes conf/: .dvc/config names this folder.

`${loop:N}` is the loop of N iterations. And parameters that the stage `check` would refuse are
refused here, before anything runs or waits in a queue, so params.yaml stays as it was.
"""

import logging
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

ROOT = str(Path(__file__).resolve().parents[2])
sys.path.insert(0, ROOT)  # this checkout's code, as the stages run it

from stages.pipeline.loop import SECTION, unroll  # noqa: E402


def loop(iteration: Any, *, _root_: DictConfig) -> DictConfig:
    """Section `loop` of these parameters. Ends DVC's process with one line if they are wrong."""
    rest = OmegaConf.masked_copy(_root_, [name for name in _root_ if name != SECTION])
    unrolled = OmegaConf.create(unroll(iteration))
    refuse(OmegaConf.to_yaml(OmegaConf.merge(rest, {SECTION: unrolled}), resolve=True))
    return unrolled


def refuse(text: str) -> None:
    """Ends the process with one line if the text of a params.yaml has wrong values."""
    try:
        from schemas.errors import RatchetError
        from stages.check import examine
        from stages.pipeline.params import read
    except ImportError:  # DVC has a Python of its own: the stage will say what is wrong
        return
    try:
        examine(read(text))
    except RatchetError as error:
        raise SystemExit(f"check: {error}") from None


def _is_news(record: logging.LogRecord) -> bool:
    return "No file hash info found" not in record.msg


OmegaConf.register_new_resolver(SECTION, loop, replace=True)
# Before DVC runs the stages it brings back what they made before, and warns of each table and model
# that was never made: those that it is about to make.
logging.getLogger("dvc_data.index.checkout").addFilter(_is_news)

"""Spreads work over a Ray cluster: items go out, results come back as they are done.

A stage submits a function that makes a worker, and its items, as one Ray Data job. Each actor makes
one worker and passes it one item at a time, so every result is the same as on this machine. Ray
gives the items of a lost node to another.
"""

import logging
import os
import pickle
import platform
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings, RaySettings
from stages.pipeline.digests import folder_digest

ROOT = Path(__file__).resolve().parents[2]
RESTARTS = 5  # of one actor: enough for nodes that come and go, but not for a crash each time


class Actor:
    """A process on a node. It returns a user's mistake as text: Ray would retry an exception."""

    def __init__(self, make_worker: Callable[..., Any], worker_args: Sequence[Any]) -> None:
        self.make_worker, self.worker_args = make_worker, worker_args
        self.worker: Callable[[Any], Any] | None = None

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        result, line = None, ""
        try:
            if self.worker is None:
                self.worker = self.make_worker(*self.worker_args)
            result = self.worker(pickle.loads(row["item"]))
        except RatchetError as error:
            line = str(error)
        return {"index": row["index"], "result": pickle.dumps(result), "line": line}


def map_items(
    compute: ComputeSettings,
    make_worker: Callable[..., Any],
    worker_args: Sequence[Any],
    items: Sequence[Any],
) -> Iterator[tuple[int, Any]]:
    """(index, result) of each item, by one worker here or by several on a cluster.

    `make_worker(*worker_args)` makes a worker, as in `map_on_cluster`. Workers hold models: on a
    cluster each gets the resources of an engine.
    """
    if compute.ray is not None:
        yield from map_on_cluster(
            compute.ray, make_worker, worker_args, items, **compute.ray.actor_resources()
        )
    elif items:
        worker = make_worker(*worker_args)
        for index, item in enumerate(items):
            yield index, worker(item)


def map_on_cluster(
    settings: RaySettings,
    make_worker: Callable[..., Any],
    worker_args: Sequence[Any],
    items: Sequence[Any],
    *,
    actors: int,
    cpus: float,
    gpus: float,
) -> Iterator[tuple[int, Any]]:
    """(index, result) of each item, in the order in which they are done.

    `make_worker(*worker_args)` makes a worker, a function of one item, on first use. At most
    `actors` work at once, each with `cpus` CPUs and `gpus` GPUs. Raises RatchetError if no cluster
    answers or a worker raises one.
    """
    if not items:
        return
    ray = connect(settings)
    rows = [{"index": index, "item": pickle.dumps(item)} for index, item in enumerate(items)]
    job = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
        Actor,
        fn_constructor_args=(make_worker, tuple(worker_args)),
        compute=ray.data.ActorPoolStrategy(size=min(actors, len(rows))),
        num_cpus=cpus,
        num_gpus=gpus,
        ray_remote_args_fn=lambda: {"max_restarts": RESTARTS},
    )
    for row in job.iter_rows():
        if row["line"]:
            raise RatchetError(row["line"])
        yield row["index"], pickle.loads(row["result"])


def require_same_model(folder: Path, digest: str) -> None:
    """Raises RatchetError if this node does not see the model that the stage sees."""
    if not folder.is_dir() or folder_digest(folder) != digest:
        raise RatchetError(
            f"Ray node {platform.node()} does not see the model in {folder}: "
            "run in a folder that all nodes share under one path"
        )


def connect(settings: RaySettings) -> Any:
    """The module `ray`, connected and quiet. Raises RatchetError without Ray or a cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # Ray deals with lost nodes itself
    try:
        import ray
        import ray.data
    except ImportError:
        raise RatchetError(
            "compute.ray needs Ray: run `pip install 'ray[data]'`, or set -S compute=local"
        ) from None
    if ray.is_initialized():
        return ray
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray._private.worker.print_to_stdstream = lambda *_, **__: (
        None
    )  # log_to_driver doesn't cover these
    local = {"include_dashboard": False} if settings.address == "local" else {}
    code = [str(ROOT / package) for package in ("stages", "schemas")]
    options = {"log_to_driver": False, "logging_level": logging.ERROR, **local}
    try:
        _reach(settings.address)
        with silence_stderr():
            ray.init(address=settings.address, runtime_env={"py_modules": code}, **options)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise RatchetError(
            f"compute.ray.address={settings.address}: no Ray cluster answers ({reason}): start "
            "one with `ray start --head`, or set compute.ray.address=local"
        ) from error
    return ray


def _reach(address: str) -> None:
    """Raises OSError if nothing listens there: Ray would end this process without a word."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=10).close()


@contextmanager
def silence_stderr() -> Iterator[None]:
    """Silences standard error, even from C++; exceptions are still raised."""
    sys.stderr.flush()
    saved = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)

"""What the shell offers on Tab; every look-up here is quick."""

from pathlib import Path


def revisions(incomplete: str) -> list[str]:
    """Experiments, branches, tags and the files here."""
    from stages.explore import experiments

    return [name for name in ["workspace", *experiments.revisions()] if name.startswith(incomplete)]


def tables(incomplete: str) -> list[str]:
    """The tables of the run here."""
    return sorted(path.name for path in Path("data").glob(f"{incomplete}*") if path.is_dir())

"""What the shell offers on Tab; every look-up here is quick."""

from pathlib import Path


def revisions(incomplete: str) -> list[str]:
    """Experiments, branches, tags and the files here."""
    from stages.explore import experiments

    return [name for name in ["workspace", *experiments.revisions()] if name.startswith(incomplete)]


def tables(incomplete: str) -> list[str]:
    """The tables of the run here."""
    return sorted(path.name for path in Path("data").glob(f"{incomplete}*") if path.is_dir())


def views(incomplete: str) -> list[str]:
    """The tables of any run, and the views that are made of them."""
    import re

    from schemas.catalog import TABLE_OF_NOUN
    from schemas.views import DERIVED

    made = re.findall(r"^create or replace view (\w+)", DERIVED.read_text(), re.M)
    return sorted(name for name in [*TABLE_OF_NOUN, *made] if name.startswith(incomplete))

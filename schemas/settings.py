"""settings: the parameters of the run."""

import dataframely as dy

from schemas.table import Table


class Settings(Table):
    """One row per parameter, as text."""

    noun = "settings"

    section = dy.String(primary_key=True)
    name = dy.String(primary_key=True)
    value = dy.String(description="JSON")

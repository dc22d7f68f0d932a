"""sources: the commits of what the run read from the hub."""

import dataframely as dy

from schemas.table import Table


class Sources(Table):
    """One row per data set or model that the run read from the hub.

    What a setting names on this machine is in dvc.lock, by content, as `inputs`.
    """

    noun = "sources"
    partitions = ("stage",)

    stage = dy.String(primary_key=True, description="that read it")
    setting = dy.String(primary_key=True)
    source = dy.String(description="the id that the setting names")
    hub_commit = dy.String(
        nullable=True, description="the commit that was read; null if the hub could not say"
    )

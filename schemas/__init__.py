"""The tables of a run: one module, one table. `schemas.catalog` lists them all."""

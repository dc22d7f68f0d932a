"""Tests. Whatever imports them, the benchmarks too, uses no network and no ledger but its own."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["NO_PROXY"] = "127.0.0.1"  # the servers that tests start
os.environ["RATCHET_LEDGER"] = ""
os.environ.pop("COLUMNS", None)  # pytest-xdist sets it; where it is unset, tables are wide

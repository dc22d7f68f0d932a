"""Statistics of an iteration: one .sql file each, over views named like the tables."""

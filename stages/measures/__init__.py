"""The statistics of one iteration: a .sql file each, over views named like the tables."""

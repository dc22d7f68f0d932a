-- How many rows of the table $noun each side has, and both have by its primary key, $key.
with
a as (select columns($key) from query_table('a.' || $noun)),
b as (select columns($key) from query_table('b.' || $noun)),

counted as (
    select
        (select count(*) from a) as n_a,
        (select count(*) from b) as n_b,
        (select count(*) from a natural semi join b) as n_both
)

select
    $noun as "table",
    n_a,
    n_b,
    n_b - n_both as n_added,
    n_a - n_both as n_removed
from counted

-- Training rows of each side and of both, by iteration and kind; jaccard: the share in both.
with
rows_a as (
    select iteration, 'pair' as kind, pair_id as id from a.pairs
    union all
    select iteration, 'example' as kind, example_id as id from a.examples
),

rows_b as (
    select iteration, 'pair' as kind, pair_id as id from b.pairs
    union all
    select iteration, 'example' as kind, example_id as id from b.examples
),

counted_a as (select iteration, kind, count(*) as n_a from rows_a group by all),
counted_b as (select iteration, kind, count(*) as n_b from rows_b group by all),

counted_both as (
    select iteration, kind, count(*) as n_both
    from rows_a
    inner join rows_b using (iteration, kind, id)
    group by all
),

reversed as (
    select iteration, 'pair' as kind, count(*) as n_reversed
    from a.pairs as a
    inner join b.pairs as b using (iteration, problem_id)
    where a.chosen_id = b.rejected_id and a.rejected_id = b.chosen_id
    group by all
),

counted as (
    select
        iteration,
        kind,
        coalesce(n_a, 0) as n_a,
        coalesce(n_b, 0) as n_b,
        coalesce(n_both, 0) as n_both,
        coalesce(n_reversed, 0) as n_reversed
    from counted_a
    full join counted_b using (iteration, kind)
    left join counted_both using (iteration, kind)
    left join reversed using (iteration, kind)
)

select *, n_both / (n_a + n_b - n_both) as jaccard
from counted
semi join iterations using (iteration)
order by iteration, kind desc

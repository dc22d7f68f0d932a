-- Problems asked and solved on each side, by iteration and level; all_levels marks totals.
with
totals_a as (
    select
        iteration, level, grouping(level) = 1 as all_levels,
        sum(n_problems) as n_a, sum(n_solved) as n_correct_a
    from a.tail
    group by grouping sets ((iteration), (iteration, level))
),

totals_b as (
    select
        iteration, level, grouping(level) = 1 as all_levels,
        sum(n_problems) as n_b, sum(n_solved) as n_correct_b
    from b.tail
    group by grouping sets ((iteration), (iteration, level))
)

select
    coalesce(a.iteration, b.iteration) as iteration,
    coalesce(a.level, b.level) as level,
    coalesce(a.all_levels, b.all_levels) as all_levels,
    n_a::bigint as n_a,
    n_correct_a::bigint as n_correct_a,
    n_b::bigint as n_b,
    n_correct_b::bigint as n_correct_b
from totals_a as a
full join totals_b as b
    on a.iteration = b.iteration
    and a.level is not distinct from b.level
    and a.all_levels = b.all_levels
order by iteration, all_levels desc, level

-- Answers of both sides' models, by iteration, suite, mode and level; all_levels marks totals.
with
totals_a as (
    select
        iteration, suite, mode, level, grouping(level) = 1 as all_levels,
        sum(n) as n_a, sum(n_correct) as n_correct_a
    from a.accuracy
    group by grouping sets ((iteration, suite, mode), (iteration, suite, mode, level))
),

totals_b as (
    select
        iteration, suite, mode, level, grouping(level) = 1 as all_levels,
        sum(n) as n_b, sum(n_correct) as n_correct_b
    from b.accuracy
    group by grouping sets ((iteration, suite, mode), (iteration, suite, mode, level))
)

select
    coalesce(a.iteration, b.iteration) as iteration,
    coalesce(a.suite, b.suite) as suite,
    coalesce(a.mode, b.mode) as mode,
    coalesce(a.level, b.level) as level,
    coalesce(a.all_levels, b.all_levels) as all_levels,
    n_a::bigint as n_a,
    n_correct_a::bigint as n_correct_a,
    n_b::bigint as n_b,
    n_correct_b::bigint as n_correct_b
from totals_a as a
full join totals_b as b
    on a.iteration = b.iteration
    and a.suite = b.suite
    and a.mode = b.mode
    and a.level is not distinct from b.level
    and a.all_levels = b.all_levels
order by suite, mode, iteration, all_levels desc, level

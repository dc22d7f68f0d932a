-- Answers of both sides' models, by iteration, suite, mode and level; all_levels marks totals. Of a
-- suite whose problems have several forms also each answer, and the family that it belongs to.
with
totals_a as (
    select
        iteration, suite, mode, level, grouping(level) = 1 as all_levels,
        count(*) as n_a, count(*) filter (where correct) as n_correct_a,
        case when count(form_of) > 0 then list(correct::int order by problem_id) end as correct_a,
        case when count(form_of) > 0 then list(coalesce(form_of, problem_id) order by problem_id) end
            as families_a
    from a.evaluations
    group by grouping sets ((iteration, suite, mode), (iteration, suite, mode, level))
),

totals_b as (
    select
        iteration, suite, mode, level, grouping(level) = 1 as all_levels,
        count(*) as n_b, count(*) filter (where correct) as n_correct_b,
        case when count(form_of) > 0 then list(correct::int order by problem_id) end as correct_b,
        case when count(form_of) > 0 then list(coalesce(form_of, problem_id) order by problem_id) end
            as families_b
    from b.evaluations
    group by grouping sets ((iteration, suite, mode), (iteration, suite, mode, level))
)

select
    coalesce(a.iteration, b.iteration) as iteration,
    coalesce(a.suite, b.suite) as suite,
    coalesce(a.mode, b.mode) as mode,
    coalesce(a.level, b.level) as level,
    coalesce(a.all_levels, b.all_levels) as all_levels,
    n_a,
    n_correct_a,
    n_b,
    n_correct_b,
    correct_a,
    correct_b,
    families_a,
    families_b
from totals_a as a
full join totals_b as b
    on a.iteration = b.iteration
    and a.suite = b.suite
    and a.mode = b.mode
    and a.level is not distinct from b.level
    and a.all_levels = b.all_levels
order by suite, mode, iteration, all_levels desc, level

-- How many problems of each level have a solve rate in each tenth, before and after guidance.
with moments as (
    select 'before' as moment, problem_id, n_drawn, n_correct from drawn where plain
    union all
    select 'after' as moment, problem_id, n_drawn, n_correct from drawn
),

counts as (
    select moment, problem_id, sum(n_drawn)::bigint as n_drawn, sum(n_correct)::bigint as n_correct
    from moments
    group by all
),

binned as (
    select moment, problems.level, least(9, 10 * n_correct // n_drawn) as bin
    from counts
    inner join problems using (problem_id)
)

select moment, level, bin, count(*) as n_problems
from binned
group by all

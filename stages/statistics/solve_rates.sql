-- How many problems of each level have a solve rate in each tenth, before guidance and after.
with moments as (
    select 'before' as moment, problem_id, n_plain as n_drawn, n_plain_correct as n_correct
    from drawn
    where n_plain > 0
    union all
    select 'after' as moment, problem_id, n_drawn, n_correct
    from drawn
),

binned as (
    select moment, problems.level, least(9, 10 * n_correct // n_drawn) as bin
    from moments
    inner join problems using (problem_id)
)

select moment, level, bin, count(*) as n_problems
from binned
group by all

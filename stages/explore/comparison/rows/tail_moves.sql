-- One row per problem, iteration and moment (before or after guidance) in only one side's tail.
with
tails_a as (
    select iteration, problem_id, level, tail_before as "before", tail_after as "after"
    from a.coverage
),

tails_b as (
    select iteration, problem_id, level, tail_before as "before", tail_after as "after"
    from b.coverage
),

moments_a as (unpivot tails_a on "before", "after" into name moment value in_tail),
moments_b as (unpivot tails_b on "before", "after" into name moment value in_tail)

select
    iteration,
    moment,
    problem_id,
    b.level,
    case when b.in_tail then 'entered' else 'left' end as move
from moments_a as a
inner join moments_b as b using (iteration, moment, problem_id)
where a.in_tail != b.in_tail

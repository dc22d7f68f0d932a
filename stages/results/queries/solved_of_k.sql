-- Problems of an iteration by how many draws there were and how many of them were right, before
-- guidance (the unguided draws) and after it (all draws).
with drawn as (
    select
        samples.problem_id,
        samples.strategy in ('unguided', 'imported') as plain,
        coalesce(verdicts.outcome = 'correct', false) as correct
    from samples
    left join verdicts using (iteration, sample_id)
    where samples.iteration = $iteration and samples.strategy != 'gold'
),

moments as (
    select 'before' as moment, problem_id, correct from drawn where plain
    union all
    select 'after' as moment, problem_id, correct from drawn
),

counts as (
    select moment, problem_id, count(*) as n_drawn, count(*) filter (where correct) as n_correct
    from moments
    group by all
)

select moment, level, n_drawn, n_correct, count(*) as n_problems
from counts
inner join problems using (problem_id)
group by all
order by moment desc, level, n_drawn, n_correct;

-- One row per distinct path with its verifier's reward; of those that stay for several iterations,
-- the values of the last.
with wanted as (
    select * from paths where iteration = coalesce($iteration, iteration)
),

used as (
    select
        path_id,
        max(iteration) as iteration,
        list(iteration order by iteration) as iterations
    from wanted
    group by path_id
)

select
    wanted.iteration,
    used.iterations,
    wanted.made_in,
    wanted.path_id,
    wanted.problem_id,
    problems.prompt,
    list_aggregate(wanted.steps, 'string_agg', '') as completion,
    wanted.correct as label,
    wanted.steps,
    wanted.truth,
    len(wanted.sample_ids) as n_samples,
    wanted.kept,
    wanted.duplicate_of,
    path_scores.reward
from wanted
inner join used using (path_id, iteration)
inner join problems using (problem_id)
left join path_scores using (path_id, iteration)
order by wanted.path_id;

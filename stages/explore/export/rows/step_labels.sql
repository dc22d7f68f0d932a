-- One row per labelled path: its steps up to the last that is judged, and a label of each. Of labels
-- that stay for several iterations, the values of the last.
with wanted as (
    select
        iteration,
        path_id,
        list(step order by step) as judged,
        list(label order by step) as labels,
        list(n_correct order by step) as n_correct,
        list(n_rollouts order by step) as n_rollouts,
        list(labeler order by step) as labelers
    from step_labels
    where iteration = coalesce($iteration, iteration)
    group by iteration, path_id
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
    paths.made_in,
    wanted.path_id,
    paths.problem_id,
    problems.prompt,
    list_transform(wanted.judged, lambda step: paths.steps[step + 1]) as completions,
    wanted.labels,
    wanted.n_correct,
    wanted.n_rollouts,
    wanted.labelers,
    list_transform(wanted.judged, lambda step: paths.truth[step + 1]) as truth,
    paths.correct
from wanted
inner join used using (path_id, iteration)
inner join paths using (path_id, iteration)
inner join problems using (problem_id)
order by wanted.path_id;

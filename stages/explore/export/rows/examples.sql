-- One row per text to learn from; of those of several iterations, the values of the last.
with wanted as (
    select * from examples where iteration = coalesce($iteration, iteration)
),

used as (
    select
        max_by(example_id, (iteration, example_id)) as example_id,
        max(iteration) as iteration,
        list_sort(list_distinct(list(iteration))) as iterations
    from wanted
    group by prompt, completion, correct
)

select
    wanted.iteration,
    used.iterations,
    wanted.made_in,
    wanted.example_id,
    wanted.problem_id,
    wanted.origin,
    wanted.path_id,
    wanted.prompt,
    wanted.completion,
    wanted.correct as label,
    wanted.steps,
    wanted.step_labels,
    wanted.reward
from wanted
inner join used using (example_id, iteration)
order by wanted.example_id;

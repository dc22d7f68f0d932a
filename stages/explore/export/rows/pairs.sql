-- One row per pair of texts; of those of several iterations, the values of the last. Two paths that
-- share their first steps can give the same pair.
with wanted as (
    select * from pairs where iteration = coalesce($iteration, iteration)
),

used as (
    select
        max_by(pair_id, (iteration, pair_id)) as pair_id,
        max(iteration) as iteration,
        list_sort(list_distinct(list(iteration))) as iterations
    from wanted
    group by prompt, prefix, chosen, rejected, chosen_ends, rejected_ends
)

select
    wanted.iteration,
    used.iterations,
    wanted.made_in,
    wanted.pair_id,
    wanted.problem_id,
    wanted.prompt,
    wanted.prefix,
    wanted.chosen,
    wanted.rejected,
    wanted.chosen_ends,
    wanted.rejected_ends,
    wanted.chosen_correct,
    wanted.rejected_correct,
    wanted.chosen_reward,
    wanted.rejected_reward,
    wanted.margin,
    wanted.chosen_id,
    wanted.rejected_id
from wanted
inner join used using (pair_id, iteration)
order by wanted.pair_id;

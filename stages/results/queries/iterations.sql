-- One row per iteration: what it drew, kept and trained on, and the time. The report's own time is
-- left out, as it is measured after the report is written.
with counted as (
    select * from progress
),

trained as (
    select iteration, n_undesired from training_rows
),

timed as (
    select iteration, sum(elapsed_s) as elapsed_s
    from costs
    where stage != 'report'
    group by iteration
)

select
    iteration,
    counted.n_problems,
    n_solved,
    n_solved_ever,
    case when n_draws > 0 then coverage end as coverage,
    coverage_so_far,
    n_draws,
    n_draws_correct,
    n_tokens,
    n_paths,
    n_paths_correct,
    n_steps_labelled,
    n_rollouts,
    n_corrections,
    n_pairs,
    n_pairs_wrong_chosen,
    n_examples,
    coalesce(trained.n_undesired, 0) as n_undesired,
    n_pairs + n_examples as n_training_rows,
    coalesce(timed.elapsed_s, 0) as elapsed_s
from counted
left join trained using (iteration)
left join timed using (iteration)
order by iteration;

-- Labels and verifier's probabilities of each step of a problem's paths.
with own as (
    select iteration, path_id from paths where problem_id = $problem
),

labels as (
    select
        iteration, path_id, step, labeler, n_correct, n_rollouts, n_evidence, stop, label, reflection
    from step_labels
),

scores as (
    select iteration, path_id, step, probability from step_scores
)

select *
from labels
full outer join scores using (iteration, path_id, step)
semi join own using (iteration, path_id)
order by iteration, path_id, step;

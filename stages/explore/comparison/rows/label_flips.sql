-- One row per step that both sides labelled, differently.
select
    iteration,
    paths.problem_id,
    path_id,
    step,
    a.label as label_a,
    b.label as label_b,
    a.labeler as labeler_a,
    b.labeler as labeler_b,
    a.n_correct as n_correct_a,
    a.n_rollouts as n_rollouts_a,
    b.n_correct as n_correct_b,
    b.n_rollouts as n_rollouts_b
from a.step_labels as a
inner join b.step_labels as b using (iteration, path_id, step)
left join b.paths as paths using (iteration, path_id)
where a.label is distinct from b.label

-- Whether the verifier agrees with the task's own truth on each step; a path's steps are a family.
select 'paths' as suite, path_id as family, (truth = (probability >= 0.5))::double as value
from step_truth
where iteration = $iteration and probability is not null
order by path_id, step

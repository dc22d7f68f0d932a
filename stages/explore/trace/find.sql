-- The problems, samples, paths and rollouts whose id begins with $name.
with things as (
    select 'problem' as kind, problem_id as id from problems
    union
    select 'sample' as kind, sample_id as id from samples
    union
    select 'path' as kind, path_id as id from paths
    union
    select 'rollout' as kind, rollout_id as id from rollouts
)

select kind, id
from things
where starts_with(id, $name)
order by id != $name, kind, id;

-- What has an id that begins with $name.
with things as (
    select 'problem' as kind, problem_id as id from problems
    union
    select 'sample' as kind, sample_id as id from samples
    union
    select 'path' as kind, path_id as id from paths
    union
    select 'rollout' as kind, rollout_id as id from rollouts
    union
    select 'pair' as kind, pair_id as id from pairs
    union
    select 'example' as kind, example_id as id from examples
)

select kind, id
from things
where starts_with(id, $name)
order by id != $name, kind, id;

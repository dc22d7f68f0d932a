-- Paths of a problem, with the verifier's rewards and the path that each duplicates.
with scores as (
    select iteration, path_id, reward, reward_min from path_scores
)

select
    paths.iteration,
    paths.path_id,
    paths.problem_id,
    paths.sample_ids,
    paths.steps,
    paths.correct,
    paths.kept,
    paths.duplicate_of,
    paths.truth,
    scores.reward,
    scores.reward_min
from paths
left join scores using (iteration, path_id)
where paths.problem_id = $problem
order by paths.iteration, paths.path_id;

-- Some paths of every level, verdict and strategy, chosen by a hash of their ids, with the labels and
-- scores of each step.
with graded as (
    select iteration, sample_id, outcome, extracted from verdicts
),

drawn as (
    select iteration, sample_id, strategy from samples
),

answered as (
    select paths.*, graded.outcome, graded.extracted, drawn.strategy, problems.level,
        problems.question, problems.answer
    from paths
    inner join problems using (problem_id)
    left join graded on graded.iteration = paths.iteration and graded.sample_id = paths.sample_ids[1]
    left join drawn on drawn.iteration = paths.iteration and drawn.sample_id = paths.sample_ids[1]
    where paths.made_in = paths.iteration
),

strata as (
    select
        *,
        row_number() over (
            partition by level, outcome, strategy order by md5(path_id), iteration
        ) as place
    from answered
),

chosen as (
    select * from strata where place <= (
        select ceil($n_paths / count(*)) from (select distinct level, outcome, strategy from answered)
    )
),

labels as (
    select
        iteration,
        path_id,
        map_from_entries(list((
            step, {'c': n_correct, 'n': n_rollouts, 'label': label, 'stop': stop}
        ))) as labels
    from step_labels
    semi join chosen using (iteration, path_id)
    group by iteration, path_id
),

scores as (
    select iteration, path_id, map_from_entries(list((step, probability))) as probabilities
    from step_scores
    semi join chosen using (iteration, path_id)
    group by iteration, path_id
)

select chosen.*, labels.labels, scores.probabilities, path_scores.reward
from chosen
left join labels using (iteration, path_id)
left join scores using (iteration, path_id)
left join path_scores using (iteration, path_id)
order by level, outcome, strategy, md5(path_id), iteration;

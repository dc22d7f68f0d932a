-- What each strategy cost and brought. Steps, and whether they are sound, are those of the path
-- that a right sample took.
with labelled as (
    select path_id, bool_and(label) as sound
    from step_labels
    where labeler != 'outcome'
    group by path_id
),

gold as (
    select problem_id, nullif(len(rationale), 0) as n_steps from problems
),

taken as (
    select
        unnest(paths.sample_ids) as sample_id,
        len(paths.steps) - gold.n_steps as n_steps_more,
        coalesce(list_bool_and(paths.truth), labelled.sound) as sound
    from paths
    inner join gold using (problem_id)
    left join labelled using (path_id)
    where paths.correct
),

right_samples as (
    select
        strategy,
        sum(n_steps_more) / count(n_steps_more) as shortcut_mean,
        count(sound) as n_judged,
        case when count(sound) > 0 then count(*) filter (where not sound) end as n_spurious
    from graded
    inner join taken using (sample_id)
    where correct
    group by strategy
),

totals as (
    select
        strategy,
        count(*) as n_problems,
        count(*) filter (where n_correct > 0) as n_solved,
        sum(n_drawn)::bigint as n_draws,
        sum(n_correct)::bigint as n_correct,
        sum(n_tokens)::bigint as n_tokens,
        (sum(revealed) / sum(n_drawn))::double as revealed_mean,
        (sum(leakage) / sum(n_drawn))::double as leakage_mean
    from drawn
    group by strategy
)

select
    totals.*,
    shortcut_mean,
    coalesce(n_judged, 0) as n_judged,
    n_spurious
from totals
left join right_samples using (strategy)

-- What each strategy cost and brought. Means are sums of decimals, which are the same in whatever
-- order threads add them up.
with labelled as (
    select path_id, bool_and(label) as sound
    from step_labels
    where labeler != 'outcome'
    group by path_id
),

taken as (
    select
        unnest(sample_ids) as sample_id,
        len(steps) as n_steps,
        coalesce(list_bool_and(truth), sound) as sound
    from paths
    left join labelled using (path_id)
    where correct
),

gold as (
    select problem_id, nullif(len(rationale), 0) as n_gold_steps from problems
),

right_samples as (
    select
        strategy,
        sum(n_steps - n_gold_steps) / count(n_steps - n_gold_steps) as shortcut_mean,
        count(sound) as n_judged,
        case when count(sound) > 0 then count(*) filter (where not sound) end as n_spurious
    from graded
    inner join gold using (problem_id)
    left join taken using (sample_id)
    where correct
    group by strategy
)

select
    strategy,
    count(distinct problem_id) as n_problems,
    count(distinct problem_id) filter (where correct) as n_solved,
    count(*) as n_draws,
    count(*) filter (where correct) as n_correct,
    sum(n_tokens)::bigint as n_tokens,
    (sum(revealed::decimal(18, 9)) / count(*))::double as revealed_mean,
    any_value(shortcut_mean) as shortcut_mean,
    coalesce(any_value(n_judged), 0) as n_judged,
    any_value(n_spurious) as n_spurious,
    (sum(leakage::decimal(18, 9)) / count(*))::double as leakage_mean
from graded
left join right_samples using (strategy)
group by strategy

-- The samples of the iteration, counted in one reading by strategy and either problem, length or
-- perplexity (column of). A sample without a verdict is not right; perplexity is that of a right
-- sample's path. Shares are added up as decimals, so that the sums are the same in whatever order
-- threads come to them.
--
-- A right sample's steps, and whether they are sound, are those of the path that it took. They are
-- judged where every step is: by the task's truth, or else by labels. The label of a path's outcome
-- says nothing of its steps, but it may stand for the last one where others are labelled.
with labelled as (
    select
        path_id,
        count(*) as n_labels,
        bool_and(label) filter (where labeler != 'outcome') as sound
    from step_labels
    group by path_id
),

gold as (
    select problem_id, nullif(len(rationale), 0) as n_steps from problems
),

surprising as (
    select text_id as path_id, exp(nll_mean) as perplexity
    from perplexities
    where origin = 'sampled'
),

taken as (
    select
        unnest(paths.sample_ids) as sample_id,
        len(paths.steps) - gold.n_steps as n_steps_more,
        case
            when list_count(paths.truth) = len(paths.steps) then list_bool_and(paths.truth)
            when labelled.n_labels = len(paths.steps) then labelled.sound
        end as sound,
        surprising.perplexity
    from paths
    inner join gold using (problem_id)
    left join labelled using (path_id)
    left join surprising using (path_id)
    where paths.correct
),

right_samples as (
    select sample_id, n_steps_more, sound, perplexity, true as correct
    from verdicts
    left join taken using (sample_id)
    where outcome = 'correct'
),

measured as (
    select sample_id, problem_id, strategy, n_tokens, length(text) as n_characters, revealed
    from samples
)

select
    case
        when grouping(problem_id) = 0 then 'problem'
        when grouping(n_characters) = 0 then 'length'
        else 'perplexity'
    end as of,
    strategy,
    strategy in ('unguided', 'imported') as plain,
    problem_id,
    n_characters,
    perplexity,
    count(*) as n_drawn,
    count(correct) as n_correct,
    sum(n_tokens)::bigint as n_tokens,
    sum(revealed::decimal(18, 9)) as revealed,
    sum(n_steps_more)::bigint as n_steps_more,
    count(n_steps_more) as n_compared,
    count(sound) as n_judged,
    count(*) filter (where not sound) as n_spurious
from measured
left join right_samples using (sample_id)
group by grouping sets ((strategy, problem_id), (strategy, n_characters), (strategy, perplexity))

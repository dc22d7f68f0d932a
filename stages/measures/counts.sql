-- The samples of the iteration, counted in one pass: by strategy and problem (of_problem), and by
-- strategy, length, tokens and perplexity. A sample without a verdict is not right.
--
-- A right sample's number of steps, tokens, perplexity and soundness are those of the path that it took.
-- Soundness is known if every step of the path is judged: by the task's truth, or else by labels.
-- The label of a path's outcome says nothing about its steps, but counts as the label of the last
-- step if other steps are labelled.
with labelled as (
    select
        path_id,
        count(*) as n_labels,
        bool_and(label) filter (where labeler != 'outcome') as sound
    from step_labels
    group by path_id
),

path_perplexities as (
    select text_id as path_id, n_tokens as n_text_tokens, exp(nll_mean) as perplexity
    from perplexities
    where origin = 'sampled'
),

known as (
    from labelled full outer join path_perplexities using (path_id)
),

taken as (
    select
        unnest(paths.sample_ids) as sample_id,
        len(paths.steps) as n_steps,
        case
            when list_count(paths.truth) = len(paths.steps) then list_bool_and(paths.truth)
            when known.n_labels = len(paths.steps) then known.sound
        end as sound,
        known.n_text_tokens,
        known.perplexity
    from paths
    left join known using (path_id)
    where paths.correct
),

right_samples as (
    select sample_id, n_steps, sound, n_text_tokens, perplexity, true as correct
    from verdicts
    left join taken using (sample_id)
    where outcome = 'correct'
),

measured as (
    select sample_id, problem_id, strategy, n_tokens, length(text) as n_characters from samples
)

select
    grouping(problem_id) = 0 as of_problem,
    strategy,
    strategy in ('unguided', 'imported') as plain,
    problem_id,
    n_characters,
    n_text_tokens,
    perplexity,
    count(*) as n_drawn,
    count(correct) as n_correct,
    sum(n_tokens)::bigint as n_tokens,
    sum(n_steps)::bigint as n_steps,
    count(n_steps) as n_taken,
    count(sound) as n_judged,
    count(*) filter (where not sound) as n_spurious
from measured
left join right_samples using (sample_id)
group by grouping sets ((strategy, problem_id), (strategy, n_characters, n_text_tokens, perplexity))

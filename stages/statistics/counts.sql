-- The samples of the iteration, counted in one reading: by problem and strategy (of_problem), and
-- by strategy and length. A sample without a verdict is not right. Shares are added up as
-- decimals, so that the sums are the same in whatever order threads come to them.
--
-- leakage: the share of the text's characters that its hint held. If the text begins with the
-- hint, that is the hint; else it is the lines that stand in the hint too, blanks around a line
-- aside. Line breaks count nowhere but in a hint that begins the text.
--
-- A right sample's steps, and whether they are sound, are those of the path that it took; the
-- label of a path's outcome says nothing of its steps.
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
    select sample_id, n_steps_more, sound, true as correct
    from verdicts
    left join taken using (sample_id)
    where outcome = 'correct'
),

measured as (
    select
        sample_id,
        problem_id,
        strategy,
        n_tokens,
        length(text) as n_characters,
        revealed,
        case
            when hint is null or text = '' then 0
            when starts_with(text, hint) then length(hint) / length(text)
            else list_sum(list_transform(
                string_split(text, chr(10)),
                lambda line: case when list_contains(
                    list_transform(string_split(hint, chr(10)), lambda other: trim(other, e' \t\r')),
                    trim(line, e' \t\r')
                ) then length(line) else 0 end
            )) / greatest(1, length(replace(text, chr(10), '')))
        end as leakage
    from samples
)

select
    grouping(problem_id) = 0 as of_problem,
    problem_id,
    strategy,
    strategy in ('unguided', 'imported') as plain,
    n_characters,
    count(*) as n_drawn,
    count(correct) as n_correct,
    sum(n_tokens)::bigint as n_tokens,
    sum(revealed::decimal(18, 9)) as revealed,
    sum(leakage::decimal(18, 9)) as leakage,
    sum(n_steps_more)::bigint as n_steps_more,
    count(n_steps_more) as n_compared,
    count(sound) as n_judged,
    count(*) filter (where not sound) as n_spurious
from measured
left join right_samples using (sample_id)
group by grouping sets ((problem_id, strategy), (strategy, n_characters))

-- Each sample with its verdict, and without its text: what the other statistics count. Only a
-- right sample keeps its id, to find its path by.
--
-- leakage: of the text's characters, those in lines that stand in the hint. A text that begins
-- with its hint holds all of it, wherever the first line then ends. Blanks around a line count
-- as nothing.
with outcomes as (
    select sample_id, outcome = 'correct' as correct from verdicts
),

hinted as (
    select
        *,
        coalesce(starts_with(text, hint), false) as begins_with_hint,
        case when hint is not null then
            list_transform(string_split(hint, chr(10)), lambda line: trim(line, e' \t\r'))
        end as hint_lines
    from samples
),

split as (
    select
        *,
        case when begins_with_hint
            then list_sum(list_transform(hint_lines, lambda line: length(line))) else 0
        end as n_begun,
        case when hint is not null then list_transform(
            string_split(case when begins_with_hint then text[length(hint) + 1:] else text end, chr(10)),
            lambda line: trim(line, e' \t\r')
        ) end as lines
    from hinted
),

counted as (
    select
        *,
        n_begun + list_sum(list_transform(lines, lambda line: length(line))) as n_written,
        n_begun + coalesce(list_sum(list_transform(
            lines, lambda line: case when list_contains(hint_lines, line) then length(line) else 0 end
        )), 0) as n_held
    from split
)

select
    case when correct then sample_id end as sample_id,
    problem_id,
    strategy,
    strategy in ('unguided', 'imported') as plain,
    correct,
    n_tokens,
    length(text) as n_characters,
    revealed,
    case when n_written > 0 then n_held / n_written else 0 end as leakage
from counted
inner join outcomes using (sample_id)

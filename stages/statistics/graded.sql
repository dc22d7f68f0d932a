-- Each sample with its verdict, and without its text: what the other statistics count. Only a
-- right sample keeps its id, to find its path by.
--
-- leakage: the share of the text's characters that its hint held. If the text begins with the
-- hint, that is the hint; else it is the lines that stand in the hint too, blanks around a line
-- aside. Line breaks count nowhere but in a hint that begins the text.
with outcomes as (
    select sample_id, outcome = 'correct' as correct from verdicts
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
    case when correct then sample_id end as sample_id,
    problem_id,
    strategy,
    correct,
    n_tokens,
    n_characters,
    revealed::decimal(18, 9) as revealed,
    leakage::decimal(18, 9) as leakage
from measured
inner join outcomes using (sample_id)

-- Verdict flips by outcome and grader on each side.
select
    outcome_a,
    outcome_b,
    grader_a,
    grader_b,
    same_text,
    count(*) as n
from verdict_flips
group by all
order by n desc, outcome_a, outcome_b, same_text

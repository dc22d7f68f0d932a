-- Each problem that the iteration drew for. plain: without guidance.
select
    problem_id,
    count(*) as n_drawn,
    count(*) filter (where correct) as n_correct,
    count(*) filter (where plain) as n_plain,
    count(*) filter (where plain and correct) as n_plain_correct,
    sum(n_tokens)::bigint as n_tokens
from graded
group by problem_id

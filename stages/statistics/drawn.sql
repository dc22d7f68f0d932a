-- Each problem that the iteration drew for, by strategy. plain: without guidance. Shares are added
-- up as decimals, so the sums are the same in whatever order threads come to them.
select
    problem_id,
    strategy,
    strategy in ('unguided', 'imported') as plain,
    count(*) as n_drawn,
    count(*) filter (where correct) as n_correct,
    sum(n_tokens)::bigint as n_tokens,
    sum(revealed) as revealed,
    sum(leakage) as leakage
from graded
group by problem_id, strategy

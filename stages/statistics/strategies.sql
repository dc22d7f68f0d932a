-- What each strategy cost and brought.
select
    strategy,
    count(*) as n_problems,
    count(*) filter (where n_correct > 0) as n_solved,
    sum(n_drawn)::bigint as n_draws,
    sum(n_correct)::bigint as n_correct,
    sum(n_tokens)::bigint as n_tokens,
    (sum(revealed) / sum(n_drawn))::double as revealed_mean,
    (sum(n_steps_more) / nullif(sum(n_compared), 0))::double as shortcut_mean,
    sum(n_judged)::bigint as n_judged,
    case when sum(n_judged) > 0 then sum(n_spurious)::bigint end as n_spurious,
    (sum(leakage) / sum(n_drawn))::double as leakage_mean
from drawn
group by strategy

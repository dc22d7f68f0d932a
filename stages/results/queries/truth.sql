-- Steps that the labels ($judge = 'labels') or the verifier ($judge = 'verifier') call right, beside
-- the truth, by level; all_levels marks totals. n_sound / n is the base rate: the precision of
-- calling every step right.
with judged as (
    select
        iteration,
        level,
        truth,
        inferred,
        case when $judge = 'labels' then label else probability >= 0.5 end as says_right
    from step_truth
)

select
    iteration,
    level,
    grouping(level) = 1 as all_levels,
    count(*) as n,
    count(*) filter (where truth) as n_sound,
    count(*) filter (where says_right) as n_called_right,
    count(*) filter (where says_right and truth) as n_both,
    count(*) filter (where says_right = truth) as n_agree,
    count(*) filter (where inferred) as n_inferred,
    count(*) filter (where inferred and says_right = truth) as n_inferred_agree
from judged
where says_right is not null
group by grouping sets ((iteration), (iteration, level))
order by iteration, all_levels desc, level;

-- One row per iteration, suite and mode; flawed is the share of the right greedy answers with a
-- wrong step, according to the verifier or critic that reviewed them, else to the task's own truth.
with answers as (
    select iteration, suite, domain, mode, correct, correct_stated, correct_flexible
    from evaluations
),

reviewed as (
    select
        iteration,
        suite,
        'greedy' as mode,
        arg_min(share, (reviewer = 'oracle')::int) as flawed,
        arg_min(reviewer, (reviewer = 'oracle')::int) as flawed_by
    from flawed
    group by iteration, suite
)

select
    iteration,
    suite,
    domain,
    mode,
    count(*) as n,
    count(*) filter (where correct) as n_correct,
    avg(correct::int) as accuracy,
    avg(correct_stated::int) as accuracy_stated,
    avg(correct_flexible::int) as accuracy_flexible,
    count(*) filter (where correct_stated != correct_flexible) as n_differ,
    any_value(reviewed.flawed) as flawed,
    any_value(reviewed.flawed_by) as flawed_by
from answers
left join reviewed using (iteration, suite, mode)
group by iteration, suite, domain, mode
order by all;

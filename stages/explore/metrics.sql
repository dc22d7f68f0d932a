-- One row per iteration, suite and mode; flawed is the share of the right answers whose steps
-- could be checked.
with answers as (
    select iteration, suite, mode, correct, flawed from evaluations
)

select
    iteration,
    suite,
    mode,
    count(*) as n,
    count(*) filter (where correct) as n_correct,
    avg(correct::int) as accuracy,
    avg(flawed::int) as flawed
from answers
group by all
order by all;

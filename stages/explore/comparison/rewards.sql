-- How rewards shifted, over the paths that both sides scored.
with shifts as (
    select iteration, reward_a, reward_b, reward_b - reward_a as shift from rewards_of_both
)

select
    iteration,
    count(*) as n_both,
    count(*) filter (where shift != 0) as n_shifted,
    avg(reward_a) as reward_mean_a,
    avg(reward_b) as reward_mean_b,
    avg(abs(shift)) as shift_abs_mean,
    quantile_cont(shift, 0.05) as shift_q05,
    quantile_cont(shift, 0.95) as shift_q95,
    corr(reward_a, reward_b) as correlation
from shifts
group by all
order by all

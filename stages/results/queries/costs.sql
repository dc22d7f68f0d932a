-- What each stage cost, over all iterations; without the report, whose row is of an earlier run.
with measured as (
    select * from costs where stage != 'report'
)

select
    stage,
    count(*) as n_runs,
    sum(elapsed_s) as elapsed_s,
    sum(cpu_s) as cpu_s,
    max(peak_memory_mb) as peak_memory_mb,
    sum(n_draws)::bigint as n_draws,
    sum(n_draws_reused)::bigint as n_draws_reused,
    sum(n_tokens)::bigint as n_tokens,
    sum(n_optimiser_steps)::bigint as n_optimiser_steps,
    sum(n_trained_tokens)::bigint as n_trained_tokens
from measured
group by stage
order by elapsed_s desc, stage;

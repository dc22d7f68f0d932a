-- What each stage cost on either side, over all iterations; null where it did not run.
with
costs_a as (
    select stage, sum(elapsed_s) as elapsed_s_a, sum(n_draws)::bigint as n_draws_a,
        sum(n_tokens)::bigint as n_tokens_a
    from a.costs
    group by stage
),

costs_b as (
    select stage, sum(elapsed_s) as elapsed_s_b, sum(n_draws)::bigint as n_draws_b,
        sum(n_tokens)::bigint as n_tokens_b
    from b.costs
    group by stage
)

select
    stage,
    elapsed_s_a, elapsed_s_b,
    n_draws_a, n_draws_b,
    n_tokens_a, n_tokens_b
from costs_a
full join costs_b using (stage)
order by stage

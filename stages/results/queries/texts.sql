-- Length and perplexity under the reference model of the measured texts: right kept paths of each
-- iteration, and gold rationales of the problems asked. value: the quantile of a measure at share;
-- gold has no iteration, as each text counts once over all of them.
with measured as (
    select
        case when origin = 'gold' then 'gold' else 'sampled' end as origin,
        case when origin = 'gold' then null else iteration end as iteration,
        text_id,
        any_value(n_tokens)::double as n_tokens,
        any_value(exp(nll_mean)) as perplexity
    from perplexities
    group by all
),

texts as (
    unpivot measured on n_tokens as length, perplexity into name measure value value
),

shares as (
    select origin, iteration, measure, count(*) as n, quantile_cont(value, $shares::double[]) as ends
    from texts
    group by all
)

select origin, iteration, measure, n, unnest($shares::double[]) as share, unnest(ends) as value
from shares
order by measure desc, origin, iteration, share;

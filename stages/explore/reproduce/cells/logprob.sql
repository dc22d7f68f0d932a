-- The mean log-probability per token of one side of the pairs, as training begins or ends.
with logged as (
    select step, case $side when 'chosen' then logprob_chosen else logprob_rejected end as value
    from losses
    where stage = 'align' and iteration = $iteration
)

select case $moment when 'first' then arg_min(value, step) else arg_max(value, step) end as value
from logged
where value is not null

-- Alignment's log, thinned to about 400 points over all iterations, at least 50 of each.
with logged as (
    select
        *,
        row_number() over (partition by iteration order by step) - 1 as place,
        count(*) over (partition by iteration) as n_places
    from losses
    where stage = 'align'
),

chosen as (
    select greatest(50, 400 // greatest(1, count(distinct iteration))) as n_kept from logged
)

select iteration, step, loss, logprob_chosen, logprob_rejected
from logged
cross join chosen
where place % greatest(1, n_places // n_kept) = 0 or place = n_places - 1
order by iteration, step;

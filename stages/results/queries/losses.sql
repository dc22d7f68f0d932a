-- Alignment's log, thinned to about 150 points per iteration.
with logged as (
    select
        *,
        row_number() over (partition by iteration order by step) - 1 as place,
        count(*) over (partition by iteration) as n_places
    from losses
    where stage = 'align'
)

select iteration, step, loss, logprob_chosen, logprob_rejected
from logged
where place % greatest(1, n_places // 150) = 0 or place = n_places - 1
order by iteration, step;

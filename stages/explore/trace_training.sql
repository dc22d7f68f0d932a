-- Training rows made of a problem's paths, with the iterations whose models they train.
with uses as (
    select 'chosen' as part, chosen_id as path_id, rejected_id as partner, margin, made_in, iteration
    from pairs
    where problem_id = $problem
    union all
    select 'rejected' as part, rejected_id as path_id, chosen_id as partner, margin, made_in, iteration
    from pairs
    where problem_id = $problem
    union all
    select 'example' as part, path_id, null as partner, null as margin, made_in, iteration
    from examples
    where problem_id = $problem
)

select made_in, path_id, part, partner, margin, string_agg(iteration, ', ' order by iteration) as trains
from uses
group by all
order by made_in, path_id, part, partner;

-- Training rows made of a problem's paths, with the iterations whose models they train. In a pair
-- of steps the chosen one is a correction, which gives `step`.
with corrected as (
    select correction_id, min(step) as step
    from corrections
    where problem_id = $problem
    group by correction_id
),

paired as (
    select pairs.*, corrected.step
    from pairs
    left join corrected on corrected.correction_id = pairs.chosen_id
    where problem_id = $problem
),

uses as (
    select
        'chosen' as role, chosen_id as path_id, rejected_id as partner, step, margin, made_in, iteration
    from paired
    union all
    select
        'rejected' as role, rejected_id as path_id, chosen_id as partner, step, margin, made_in, iteration
    from paired
    union all
    select
        case when correct then 'example' else 'undesired example' end as role,
        path_id, null as partner, null as step, null as margin, made_in, iteration
    from examples
    where problem_id = $problem
)

select
    made_in,
    path_id,
    role,
    partner,
    step,
    margin,
    string_agg(iteration, ', ' order by iteration) as trains
from uses
group by all
order by made_in, path_id, role, partner;

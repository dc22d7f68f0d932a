-- The unpaired training rows of a problem, with the iterations whose models they train.
select
    example_id,
    made_in,
    min(iteration) as iteration,
    string_agg(iteration, ', ' order by iteration) as trains,
    origin,
    path_id,
    correct,
    completion
from examples
where problem_id = $problem
group by all
order by example_id;

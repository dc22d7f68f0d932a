-- Whether each training problem was solved at least once, in this iteration or before.
select 'train' as suite, problem_id as family, solved_ever::double as value
from coverage
where iteration = $iteration and iteration > 0
order by problem_id

-- Rollouts from a problem's paths that were kept as solutions.
select *
from rollouts
where problem_id = $problem
order by iteration, path_id, step, draw;

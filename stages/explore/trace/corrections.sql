-- What replaced the first wrong steps of a problem's paths, and after how many tries.
select iteration, path_id, correction_id, step, correction, n_tries
from corrections
where problem_id = $problem
order by iteration, path_id;

-- What was tried in place of the first wrong steps of a problem's paths.
select iteration, path_id, correction_id, step, correction, n_tries
from corrections
where problem_id = $problem
order by iteration, path_id;

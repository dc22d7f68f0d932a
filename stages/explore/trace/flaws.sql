-- What reviewers found in a problem's right greedy answers.
select iteration, reviewer, n_steps, first_wrong, probability_min, reflection
from flaws
where problem_id = $problem
order by iteration;

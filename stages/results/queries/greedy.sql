-- Each greedy answer of an iteration: 1 if it is right. A problem's forms are one family.
select
    suite,
    level,
    problem_id,
    coalesce(form_of, problem_id) as family,
    correct::double as correct
from evaluations
where mode = 'greedy' and iteration = $iteration
order by suite, problem_id;

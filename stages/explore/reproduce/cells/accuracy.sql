-- Whether each problem of the suites was answered rightly.
select suite, coalesce(form_of, problem_id) as family, correct::double as value
from evaluations
where
    iteration = $iteration
    and mode = $mode
    and ($suite is null or suite = $suite)
    and ($domain is null or $suite is not null or domain = $domain)
order by suite, problem_id

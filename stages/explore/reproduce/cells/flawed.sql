-- Whether each right greedy answer has a wrong step: by the verifier or critic that reviewed it, if
-- one did, else by the task's own truth.
with right_answers as (
    select problem_id, suite, coalesce(form_of, problem_id) as family, flawed
    from evaluations
    where
        iteration = $iteration
        and mode = 'greedy'
        and correct
        and ($suite is null or suite = $suite)
        and ($domain is null or $suite is not null or domain = $domain)
),

reviewed as (
    select problem_id, first_wrong >= 0 as flawed from flaws where iteration = $iteration
),

findings as (
    select problem_id, suite, family, reviewed.flawed, 0 as rank
    from right_answers
    inner join reviewed using (problem_id)
    union all
    select problem_id, suite, family, flawed, 1 as rank from right_answers where flawed is not null
)

select suite, family, flawed::double as value
from findings
where rank = (select min(rank) from findings)
order by suite, problem_id

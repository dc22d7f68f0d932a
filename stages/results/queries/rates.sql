-- What each problem adds to each rate of an iteration and suite. A problem's forms are one family.
with answers as (
    select
        iteration,
        suite,
        problem_id,
        coalesce(form_of, problem_id) as family,
        mode as measure,
        correct::double as value
    from evaluations
),

several_draws as (
    select
        iteration,
        suite,
        problem_id,
        coalesce(form_of, problem_id) as family,
        'pass@' || k as measure,
        pass_at_k as value
    from passes
)

from answers
union all by name
from several_draws
order by iteration, suite, problem_id, measure;

-- Answers of both sides' last evaluated models to the same problems, as 1 or 0, by suite and mode.
with
answers_a as (
    select suite, mode, problem_id, coalesce(form_of, problem_id) as family, iteration, correct
    from a.evaluations
    where iteration = (select max(iteration) from a.evaluations)
),

answers_b as (
    select suite, mode, problem_id, iteration, correct
    from b.evaluations
    where iteration = (select max(iteration) from b.evaluations)
)

select
    suite,
    mode,
    a.iteration as iteration_a,
    b.iteration as iteration_b,
    list(family order by problem_id) as families,
    list(a.correct::int order by problem_id) as correct_a,
    list(b.correct::int order by problem_id) as correct_b
from answers_a as a
inner join answers_b as b using (suite, mode, problem_id)
group by all
order by mode, suite

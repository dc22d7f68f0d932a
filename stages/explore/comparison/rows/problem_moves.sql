-- One row per problem that only one side solved, in an iteration that both sides have.
with
both_sides as (
    select
        iteration,
        problem_id,
        coalesce(b.level, a.level) as level,
        coalesce(a.n_correct, 0) as n_correct_a,
        coalesce(a.n_drawn, 0) as n_drawn_a,
        coalesce(b.n_correct, 0) as n_correct_b,
        coalesce(b.n_drawn, 0) as n_drawn_b
    from a.coverage as a
    full join b.coverage as b using (iteration, problem_id)
)

select
    *,
    case when n_correct_b > 0 then 'gained' else 'lost' end as move
from both_sides
semi join iterations using (iteration)
where (n_correct_a > 0) != (n_correct_b > 0)

-- Rows of `coverage`: one per training problem that was ever drawn for. A problem is in the tail if
-- its solve rate n_correct / n_drawn is below $tail_below, or if it has no draws.
with before as (
    select problem_id from old_coverage where solved_ever
),

counts as (
    select
        problem_id,
        sum(n_drawn) as n_drawn,
        sum(n_correct) as n_correct,
        sum(n_tokens) as n_tokens,
        sum(n_correct) filter (where plain) / sum(n_drawn) filter (where plain) as plain_rate
    from drawn
    group by problem_id
),

ever as (
    select problem_id from counts
    union
    select problem_id from old_coverage
),

counted as (
    select
        problem_id,
        problems.level,
        coalesce(n_drawn, 0) as n_drawn,
        coalesce(n_correct, 0) as n_correct,
        n_correct / n_drawn as solve_rate,
        plain_rate,
        coalesce(n_tokens, 0) as n_tokens,
        before.problem_id is not null as was_solved
    from ever
    inner join problems using (problem_id)
    left join counts using (problem_id)
    left join before using (problem_id)
)

select
    problem_id,
    level,
    n_drawn::integer as n_drawn,
    n_correct::integer as n_correct,
    solve_rate,
    coalesce(plain_rate, 0) < $tail_below as tail_before,
    coalesce(solve_rate, 0) < $tail_below as tail_after,
    n_tokens::bigint as n_tokens,
    was_solved or n_correct > 0 as solved_ever
from counted

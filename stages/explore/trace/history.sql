-- What each iteration drew, trained on and answered on a problem.
with iterations as (
    select iteration from coverage where problem_id = $problem
    union
    select iteration from evaluations where problem_id = $problem
    union
    select iteration from pairs where problem_id = $problem
    union
    select iteration from examples where problem_id = $problem
),

drawn as (
    select iteration, n_drawn, n_correct, tail_before, tail_after
    from coverage
    where problem_id = $problem
),

paired as (
    select iteration, count(*) as n_pairs from pairs where problem_id = $problem group by iteration
),

single as (
    select iteration, count(*) as n_examples
    from examples
    where problem_id = $problem
    group by iteration
),

greedy as (
    select iteration, correct, extracted
    from evaluations
    where problem_id = $problem and mode = 'greedy'
),

vote as (
    select iteration, n_correct, n_drawn
    from evaluations
    where problem_id = $problem and mode = 'vote'
)

select
    iteration,
    drawn.n_drawn,
    drawn.n_correct,
    drawn.tail_before,
    drawn.tail_after,
    coalesce(paired.n_pairs, 0) as n_pairs,
    coalesce(single.n_examples, 0) as n_examples,
    greedy.correct as greedy_correct,
    greedy.extracted as greedy_answer,
    vote.n_correct as vote_correct,
    vote.n_drawn as vote_drawn
from iterations
left join drawn using (iteration)
left join paired using (iteration)
left join single using (iteration)
left join greedy using (iteration)
left join vote using (iteration)
order by iteration;

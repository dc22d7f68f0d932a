-- One row per completion drawn, with its verdict. `prompt` is the bare question's: what a guided
-- sample was shown besides is its `hint`.
with wanted as (
    select * from samples where iteration = coalesce($iteration, iteration)
),

graded as (
    select iteration, sample_id, outcome, extracted from verdicts
)

select
    wanted.iteration,
    wanted.stage,
    wanted.sample_id,
    wanted.problem_id,
    problems.prompt,
    wanted.text as completion,
    graded.outcome = 'correct' as label,
    graded.outcome,
    graded.extracted,
    problems.answer,
    wanted.strategy,
    wanted.hint,
    wanted.n_tokens,
    wanted.logprob,
    wanted.finish,
    wanted.engine
from wanted
inner join problems using (problem_id)
left join graded using (iteration, sample_id)
order by wanted.iteration, wanted.sample_id;

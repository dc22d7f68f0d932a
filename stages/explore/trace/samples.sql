-- Samples of a problem with their verdicts.
with graded as (
    select iteration, sample_id, outcome, extracted, detail, grader from verdicts
)

select samples.*, graded.outcome, graded.extracted, graded.detail, graded.grader
from samples
left join graded using (iteration, sample_id)
where samples.problem_id = $problem
order by samples.iteration, samples.stage, samples.draw, samples.sample_id;

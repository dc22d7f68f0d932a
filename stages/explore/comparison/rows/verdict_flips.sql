-- One row per sample that the two sides graded differently. same_text: false where the sides have
-- two texts under one id, which does not depend on the sampling settings.
with
graded as (
    select
        iteration,
        b.problem_id,
        sample_id,
        a.outcome as outcome_a,
        b.outcome as outcome_b,
        a.extracted as extracted_a,
        b.extracted as extracted_b,
        a.grader as grader_a,
        b.grader as grader_b
    from a.verdicts as a
    inner join b.verdicts as b using (iteration, sample_id)
    where a.outcome is distinct from b.outcome
),

texts_a as (select iteration, sample_id, hash(text) as text_a from a.samples),
texts_b as (select iteration, sample_id, hash(text) as text_b from b.samples),
answers as (select problem_id, answer as reference from b.problems)

select
    graded.*,
    reference,
    text_a = text_b as same_text
from graded
left join texts_a using (iteration, sample_id)
left join texts_b using (iteration, sample_id)
left join answers using (problem_id)

-- Verdicts of two revisions on the same samples; $a and $b are lists of Parquet files.
with
verdicts_a as (from read_parquet($a, hive_partitioning = true)),
verdicts_b as (from read_parquet($b, hive_partitioning = true)),
problems as (from read_parquet($problems)),
both_graded as (
    select
        b.iteration,
        b.problem_id,
        b.sample_id,
        a.outcome as outcome_a,
        b.outcome as outcome_b,
        a.extracted as extracted_a,
        b.extracted as extracted_b,
        a.grader as grader_a,
        b.grader as grader_b
    from verdicts_a as a
    join verdicts_b as b using (iteration, sample_id)
)
select both_graded.*, problems.answer as reference
from both_graded
left join problems using (problem_id)
order by iteration, problem_id, sample_id

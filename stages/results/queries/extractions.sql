-- Samples that are judged differently by the stated and by the flexible answer, the first three.
select
    verdicts.sample_id,
    verdicts.outcome_stated,
    verdicts.outcome_flexible,
    verdicts.extracted_flexible,
    problems.answer,
    right(samples.text, 200) as ending
from verdicts
inner join samples using (iteration, sample_id)
inner join problems on samples.problem_id = problems.problem_id
where verdicts.outcome_stated != verdicts.outcome_flexible
order by verdicts.iteration desc, verdicts.sample_id
limit 3;

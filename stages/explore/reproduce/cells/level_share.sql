-- Whether each right sample is of a problem of this level.
select 'train' as suite, problem_id as family, (level = $level)::double as value
from verdicts
inner join problems using (problem_id)
where iteration = $iteration and outcome = 'correct' and level is not null
order by problem_id, sample_id

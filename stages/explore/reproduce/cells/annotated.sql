-- Whether the verifier agrees with people on each step; a solution's steps are a family.
select dataset as suite, item as family, (sound = (probability >= 0.5))::double as value
from annotated_steps
where iteration = $iteration and sound is not null and probability is not null
order by dataset, item, step

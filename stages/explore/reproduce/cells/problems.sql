-- The problems of a set to train on, or of a suite.
select nullif(count(*), 0)::double as value
from problems
where split = $split and ($suite is null or source = $suite)

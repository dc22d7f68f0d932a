-- Problems solved on only one side, by iteration and level.
select
    iteration,
    level,
    count(*) filter (where move = 'gained') as n_gained,
    count(*) filter (where move = 'lost') as n_lost
from problem_moves
group by all
order by all

-- Problems that entered or left the tail, by iteration, moment and level.
select
    iteration,
    moment,
    level,
    count(*) filter (where move = 'entered') as n_entered,
    count(*) filter (where move = 'left') as n_left
from tail_moves
group by all
order by iteration, moment desc, level

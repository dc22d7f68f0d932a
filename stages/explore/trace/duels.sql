-- How a judge compared a problem's greedy solutions with a rival's, in both orders.
select
    iteration,
    rival,
    aspect,
    max(verdict) filter (where place = 'A') as verdict_first,
    max(verdict) filter (where place = 'B') as verdict_second
from duels
where problem_id = $problem
group by iteration, rival, aspect
order by iteration, rival, aspect;

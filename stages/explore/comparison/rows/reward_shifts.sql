-- One row per path that both sides scored.
select
    iteration,
    path_id,
    a.reward as reward_a,
    b.reward as reward_b,
    b.reward - a.reward as shift
from a.path_scores as a
inner join b.path_scores as b using (iteration, path_id)

-- The pairs of a problem, with the iterations whose models they train. The rewards are those of the
-- first of these.
select
    pair_id,
    made_in,
    min(iteration) as iteration,
    string_agg(iteration, ', ' order by iteration) as trains,
    arg_min(margin, iteration) as margin,
    arg_min(chosen_reward, iteration) as chosen_reward,
    arg_min(rejected_reward, iteration) as rejected_reward,
    chosen_id,
    rejected_id,
    chosen_correct,
    rejected_correct,
    prefix,
    chosen,
    rejected
from pairs
where problem_id = $problem
group by all
order by pair_id;

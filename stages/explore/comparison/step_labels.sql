-- Steps that both sides labelled: how many, and how many changed in each direction.
with
labelled as (
    select iteration, a.label as label_a, b.label as label_b
    from a.step_labels as a
    inner join b.step_labels as b using (iteration, path_id, step)
)

select
    iteration,
    count(*) as n_both,
    count(*) filter (where label_b and not label_a) as n_to_right,
    count(*) filter (where label_a and not label_b) as n_to_wrong
from labelled
group by all
order by all

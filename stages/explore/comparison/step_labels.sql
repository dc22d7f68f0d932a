-- Steps that both sides labelled: how many, and how many changed in each direction.
select
    iteration,
    count(*) as n_both,
    count(*) filter (where label_b and not label_a) as n_to_right,
    count(*) filter (where label_a and not label_b) as n_to_wrong
from labels_of_both
group by all
order by all

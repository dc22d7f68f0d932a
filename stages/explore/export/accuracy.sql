-- How good each iteration's labels are, where the task knows the truth, and how pairs were chosen.
with labels as (
    select iteration, sum(n * accuracy) / sum(n) as label_accuracy, sum(n)::bigint as n_labels
    from label_truth
    group by iteration
),

verifiers as (
    select iteration, sum(n * accuracy) / sum(n) as verifier_accuracy
    from verifier_truth
    group by iteration
)

select
    iteration,
    labels.n_labels,
    labels.label_accuracy,
    verifiers.verifier_accuracy,
    pair_choice.n_pairs,
    pair_choice.n_wrong_chosen,
    pair_choice.n_right_rejected
from labels
full outer join verifiers using (iteration)
full outer join pair_choice using (iteration)
order by iteration;

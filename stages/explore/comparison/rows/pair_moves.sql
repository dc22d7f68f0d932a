-- One row per training row, a pair or an unpaired example, that only one side has.
-- reversed: the other side has the pair with chosen and rejected swapped.
with
pairs as (
    select
        iteration,
        'pair' as kind,
        pair_id as id,
        coalesce(a.problem_id, b.problem_id) as problem_id,
        coalesce(a.chosen_id, b.chosen_id) as chosen_id,
        coalesce(a.rejected_id, b.rejected_id) as rejected_id,
        a.problem_id is null as only_b
    from a.pairs as a
    full join b.pairs as b using (iteration, pair_id)
    where a.problem_id is null or b.problem_id is null
),

examples as (
    select
        iteration,
        'example' as kind,
        example_id as id,
        coalesce(a.problem_id, b.problem_id) as problem_id,
        null::varchar as chosen_id,
        null::varchar as rejected_id,
        a.problem_id is null as only_b
    from a.examples as a
    full join b.examples as b using (iteration, example_id)
    where a.problem_id is null or b.problem_id is null
),

moves as (
    select * from pairs
    union all
    select * from examples
)

select
    moves.iteration,
    moves.kind,
    moves.id,
    moves.problem_id,
    case when moves.only_b then 'added' else 'removed' end as move,
    other.id is not null as reversed
from moves
left join pairs as other
    on moves.iteration = other.iteration
    and moves.chosen_id = other.rejected_id
    and moves.rejected_id = other.chosen_id
    and moves.only_b != other.only_b
semi join iterations on moves.iteration = iterations.iteration

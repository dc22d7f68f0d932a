-- The tables of a run as views, then what follows from them.
-- From the run's root, without Python: duckdb -init schemas/views.sql

create or replace view settings as
select * from read_parquet(
    'data/settings/**/part.parquet', hive_partitioning = true, union_by_name = true
);

create or replace view problems as
select * from read_parquet(
    'data/problems/**/part.parquet', hive_partitioning = true, union_by_name = true
);

create or replace view samples as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'data/samples/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

create or replace view verdicts as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'data/verdicts/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

create or replace view reveals as
select iteration, * exclude (iteration) from read_parquet(
    'data/reveals/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view paths as
select iteration, * exclude (iteration) from read_parquet(
    'data/paths/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view perplexities as
select iteration, * exclude (iteration) from read_parquet(
    'data/perplexities/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view step_labels as
select iteration, * exclude (iteration) from read_parquet(
    'data/step_labels/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view corrections as
select iteration, * exclude (iteration) from read_parquet(
    'data/corrections/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view step_scores as
select iteration, * exclude (iteration) from read_parquet(
    'data/step_scores/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view path_scores as
select iteration, * exclude (iteration) from read_parquet(
    'data/path_scores/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view pairs as
select iteration, * exclude (iteration) from read_parquet(
    'data/pairs/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view examples as
select iteration, * exclude (iteration) from read_parquet(
    'data/examples/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view losses as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'data/losses/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

create or replace view evaluations as
select iteration, * exclude (iteration) from read_parquet(
    'data/evaluations/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view coverage as
select iteration, * exclude (iteration) from read_parquet(
    'data/coverage/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view progress as
select iteration, * exclude (iteration) from read_parquet(
    'data/progress/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view solve_rates as
select iteration, * exclude (iteration) from read_parquet(
    'data/solve_rates/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view strategies as
select iteration, * exclude (iteration) from read_parquet(
    'data/strategies/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view narrowing as
select iteration, * exclude (iteration) from read_parquet(
    'data/narrowing/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view rejects as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'data/rejects/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

create or replace view costs as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'data/costs/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

-- How good each iteration's model is. n_flawed: right answers with an unsound step; null where
-- no answer of the group was judged.
create or replace view accuracy as
select
    iteration,
    suite,
    mode,
    level,
    count(*) as n,
    count(*) filter (where correct) as n_correct,
    avg(correct::int) as accuracy,
    case when count(flawed) > 0 then count(*) filter (where flawed) end as n_flawed
from evaluations
group by all
order by all;

-- Each step whose task can tell if it is sound, with what the labels and the verifier said.
create or replace view step_truth as
with sound as (
    select
        iteration,
        path_id,
        problem_id,
        unnest(truth) as truth,
        generate_subscripts(truth, 1) - 1 as step
    from paths
    where truth is not null
),

levels as (
    select problem_id, level from problems
)

select
    iteration,
    path_id,
    step,
    levels.level,
    sound.truth,
    step_labels.label,
    step_scores.probability
from sound
inner join levels using (problem_id)
left join step_labels using (iteration, path_id, step)
left join step_scores using (iteration, path_id, step);

-- The labels against the truth: precision and recall of "this step is right".
create or replace view label_truth as
select
    iteration,
    level,
    count(*) as n,
    avg(truth::int) filter (where label) as precision,
    avg(label::int) filter (where truth) as recall,
    avg((label = truth)::int) as accuracy
from step_truth
where label is not null
group by all
order by all;

-- The verifier against the truth; it says "right" from a probability of one half.
create or replace view verifier_truth as
with said as (
    select iteration, level, truth, probability >= 0.5 as says_right
    from step_truth
    where probability is not null
)

select
    iteration,
    level,
    count(*) as n,
    avg(truth::int) filter (where says_right) as precision,
    avg(says_right::int) filter (where truth) as recall,
    avg((says_right = truth)::int) as accuracy
from said
group by all
order by all;

-- The tail (solve rate below guide.tail_below) before guidance and after it, and coverage, by level.
create or replace view tail as
select
    iteration,
    level,
    count(*) as n_problems,
    count(*) filter (where tail_before) as n_tail_before,
    count(*) filter (where tail_after) as n_tail_after,
    count(*) filter (where n_correct > 0) as n_solved,
    avg((n_correct > 0)::int) as coverage
from coverage
where n_drawn > 0
group by all
order by all;

-- Imported samples whose source says otherwise than the grader.
create or replace view disagreements as
with recorded as (
    select iteration, sample_id, problem_id, recorded_correct
    from samples
    where recorded_correct is not null
),

graded as (
    select iteration, sample_id, outcome, extracted, detail from verdicts
)

select
    iteration,
    sample_id,
    recorded.problem_id,
    recorded.recorded_correct,
    graded.outcome,
    graded.extracted,
    problems.answer,
    graded.detail
from recorded
inner join graded using (iteration, sample_id)
inner join problems using (problem_id)
where recorded.recorded_correct != (graded.outcome = 'correct')
order by iteration, sample_id;

-- What the choice of pairs let through.
create or replace view pair_choice as
select
    iteration,
    count(*) as n_pairs,
    count(*) filter (where not chosen_correct) as n_wrong_chosen,
    count(*) filter (where rejected_correct) as n_right_rejected
from pairs
group by iteration
order by iteration;

-- What trains the model of each iteration. n_undesired: examples to avoid, their answer is wrong.
create or replace view training_rows as
with paired as (
    select iteration, count(*) as n_pairs from pairs group by iteration
),

single as (
    select
        iteration,
        count(*) as n_examples,
        count(*) filter (where not correct) as n_undesired
    from examples
    group by iteration
)

select
    iteration,
    coalesce(n_pairs, 0) as n_pairs,
    coalesce(n_examples, 0) as n_examples,
    coalesce(n_undesired, 0) as n_undesired,
    coalesce(n_pairs, 0) + coalesce(n_examples, 0) as n_rows
from paired
full outer join single using (iteration)
order by iteration;

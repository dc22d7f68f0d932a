-- Written by `make contract` from schemas/; a test compares.

create or replace view settings as
select * from read_parquet(
    'data/settings/**/part.parquet', hive_partitioning = true, union_by_name = true
);

create or replace view sources as
select stage, * exclude (stage) from read_parquet(
    'data/sources/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'stage': varchar}
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

create or replace view rollouts as
select iteration, * exclude (iteration) from read_parquet(
    'data/rollouts/**/part.parquet', hive_partitioning = true, union_by_name = true,
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

create or replace view annotated_steps as
select iteration, * exclude (iteration) from read_parquet(
    'data/annotated_steps/**/part.parquet', hive_partitioning = true, union_by_name = true,
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

create or replace view checkpoint_scores as
select iteration, * exclude (iteration) from read_parquet(
    'data/checkpoint_scores/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view evaluations as
select iteration, * exclude (iteration) from read_parquet(
    'data/evaluations/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view flaws as
select iteration, * exclude (iteration) from read_parquet(
    'data/flaws/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

create or replace view duels as
select iteration, * exclude (iteration) from read_parquet(
    'data/duels/**/part.parquet', hive_partitioning = true, union_by_name = true,
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
    'measured/costs/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

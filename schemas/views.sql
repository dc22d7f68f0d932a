-- Views derived from the tables of a run; the views of the tables themselves are in tables.sql.
-- To use both without Python, from the run's root:
-- duckdb -cmd '.read schemas/tables.sql' -cmd '.read schemas/views.sql'
-- What a view and its columns are is said in comments on them: `ratchet describe`, docs/tables.md.

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

comment on view accuracy is 'How good each iteration''s model is.';
comment on column accuracy.n_flawed is
'right answers with an unsound step; null if no answer of the group was judged';
comment on column accuracy.accuracy is 'n_correct / n';
comment on column accuracy.mode is
'greedy: one answer without chance; vote: the most frequent of several';

create or replace view domains as
with suites as (
    select iteration, domain, mode, suite, avg(correct::int) as accuracy
    from evaluations
    group by all
)

select iteration, domain, mode, count(*) as n_suites, avg(accuracy) as accuracy_mean
from suites
group by all
order by all;

comment on view domains is
'Accuracy in and out of domain: the mean over suites, all weighed alike (GSI reports both).';
comment on column domains.accuracy_mean is 'of the suites';

create or replace view passes as
with drawn as (
    select iteration, suite, domain, level, problem_id, form_of, n_drawn as n, n_correct as c
    from evaluations
    where mode = 'vote'
),

choices as (
    select
        *,
        unnest(list_distinct([1 << i for i in range(0, log2(n)::int + 1) if 1 << i <= n] || [n])) as k
    from drawn
)

select
    iteration,
    suite,
    domain,
    level,
    problem_id,
    form_of,
    k::int as k,
    1 - coalesce(list_product([1 - k / i for i in range(n - c + 1, n + 1)]), 1) as pass_at_k
from choices;

comment on view passes is
'The chance that at least one of k draws is right, for each problem: the unbiased
1 - C(n - c, k) / C(n, k) (arXiv 2107.03374), computed as a product to keep its precision.';
comment on column passes.k is
'1, 2, 4, … up to the number of draws; for another k, see docs/queries.md';

create or replace view pass_at_k as
select iteration, suite, domain, k, count(*) as n, avg(pass_at_k) as pass_at_k
from passes
group by all
order by all;

comment on view pass_at_k is 'Pass@k of each suite.';

create or replace view forms as
with problems_asked as (
    select
        iteration,
        suite,
        mode,
        form_of,
        count(*) as n_forms,
        avg(correct::int) as share
    from evaluations
    where form_of is not null
    group by all
)

select
    iteration,
    suite,
    mode,
    count(*) as n_problems,
    sum(n_forms)::bigint as n_forms,
    sum(share * n_forms) / sum(n_forms) as accuracy,
    avg((share > 0)::int) as solved_any,
    avg((share = 1)::int) as solved_every
from problems_asked
group by all
order by all;

comment on view forms is
'Suites that ask each problem in several forms (MBPP''s six, SIPF §3.1).';
comment on column forms.n_problems is 'each with several forms';
comment on column forms.accuracy is 'mean over forms';
comment on column forms.solved_any is 'share of problems solved in any form';
comment on column forms.solved_every is 'share of problems solved in every form';

create or replace view flawed as
with right_answers as (
    select iteration, problem_id, suite, flawed from evaluations where mode = 'greedy' and correct
),

findings as (
    select iteration, suite, 'oracle' as reviewer, flawed, flawed as truth
    from right_answers
    where flawed is not null
    union all by name
    select iteration, suite, reviewer, first_wrong >= 0 as flawed, right_answers.flawed as truth
    from flaws
    inner join right_answers using (iteration, problem_id)
)

select
    iteration,
    (select value ->> '$' from settings where section = 'run' and name = 'recipe') as recipe,
    suite,
    reviewer,
    count(*) as n,
    count(*) filter (where flawed) as n_flawed,
    avg(flawed::int) as share,
    avg((flawed = truth)::int) as agreement
from findings
group by all
order by all;

comment on view flawed is 'Right greedy answers with a wrong step, by reviewer.';
comment on column flawed.recipe is 'of the run';
comment on column flawed.reviewer is 'oracle: the task''s own truth; else the verifier or critic';
comment on column flawed.n is 'right answers that were looked through';
comment on column flawed.share is 'n_flawed / n';
comment on column flawed.agreement is
'of the answers that the oracle judged too, the share with the same finding';

create or replace view duel_results as
with problems_judged as (
    select
        iteration,
        rival,
        aspect,
        problem_id,
        count(*) as n_orders,
        min(verdict) as verdict,
        count(distinct verdict) = 1 as agreed,
        count(*) filter (where verdict != 'tie') as n_decided,
        count(*) filter (where (verdict = 'won') = (place = 'A') and verdict != 'tie') as n_first
    from duels
    group by all
)

select
    iteration,
    rival,
    aspect,
    count(*) filter (where n_orders = 2) as n,
    count(*) filter (where n_orders = 2 and agreed and verdict = 'won') as n_won,
    count(*) filter (where n_orders = 2 and agreed and verdict = 'lost') as n_lost,
    count(*) filter (where n_orders = 2 and agreed and verdict = 'tie') as n_tied,
    count(*) filter (where n_orders = 2 and not agreed) as n_disagreed,
    count(*) filter (where n_orders = 1) as n_one_order,
    sum(n_first) / nullif(sum(n_decided), 0) as first_share
from problems_judged
group by all
order by all;

comment on view duel_results is 'Pairs of solutions judged in both orders (SIPF Appendix B).';
comment on column duel_results.n is 'pairs judged in both orders';
comment on column duel_results.n_won is 'the judge says so in both orders';
comment on column duel_results.n_lost is 'the same';
comment on column duel_results.n_tied is 'the same';
comment on column duel_results.n_disagreed is 'the verdict changes with the order';
comment on column duel_results.n_one_order is 'pairs judged in one order only';
comment on column duel_results.first_share is
'of the verdicts that are not a tie, the share for the solution shown first; far from a
half, the judge goes by position';

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
    step_scores.probability,
    step_labels.stop = 'inferred' as inferred
from sound
inner join levels using (problem_id)
left join step_labels using (iteration, path_id, step)
left join step_scores using (iteration, path_id, step);

comment on view step_truth is
'Each step that its task can check for soundness, with its label and the verifier''s
probability.';
comment on column step_truth.truth is 'whether the step is sound';
comment on column step_truth.label is 'whether it was labelled right; null without a label';
comment on column step_truth.probability is
'the verifier''s, that it is right; null without a score';
comment on column step_truth.inferred is
'whether a search concluded the label without measuring it';

create or replace view label_truth as
select
    iteration,
    level,
    count(*) as n,
    avg(truth::int) filter (where label) as precision,
    avg(label::int) filter (where truth) as recall,
    avg((label = truth)::int) as accuracy,
    greatest(avg(truth::int), avg((not truth)::int)) as base_accuracy,
    count(*) filter (where inferred) as n_inferred,
    avg((label = truth)::int) filter (where inferred) as accuracy_inferred
from step_truth
where label is not null
group by all
order by all;

comment on view label_truth is
'The labels against the truth, where a step is "right" if it is sound.';
comment on column label_truth.n is 'labelled steps';
comment on column label_truth.precision is 'of the steps labelled right, the share that is';
comment on column label_truth.recall is 'of the right steps, the share labelled so';
comment on column label_truth.accuracy is 'share of labels that are true';
comment on column label_truth.base_accuracy is
'accuracy of one answer for every step, the more frequent one';
comment on column label_truth.n_inferred is 'labels that a search did not measure';
comment on column label_truth.accuracy_inferred is 'share of them that is true';

create or replace view verifier_truth as
with judged as (
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
    avg((says_right = truth)::int) as accuracy,
    greatest(avg(truth::int), avg((not truth)::int)) as base_accuracy
from judged
group by all
order by all;

comment on view verifier_truth is
'The verifier against the truth; a probability of one half or more counts as "right".';
comment on column verifier_truth.n is 'scored steps';
comment on column verifier_truth.precision is 'of the steps that it calls right, the share that is';
comment on column verifier_truth.recall is 'of the right steps, the share that it calls so';
comment on column verifier_truth.accuracy is 'share that it calls as they are';
comment on column verifier_truth.base_accuracy is
'accuracy of one answer for every step, the more frequent one';

create or replace view annotated_accuracy as
with judged as (
    select iteration, dataset, level, sound, probability >= 0.5 as says_right
    from annotated_steps
    where sound is not null and probability is not null
)

select
    iteration,
    dataset,
    level,
    count(*) as n,
    avg(sound::int) filter (where says_right) as precision,
    avg(says_right::int) filter (where sound) as recall,
    avg((says_right = sound)::int) as accuracy,
    greatest(avg(sound::int), avg((not sound)::int)) as base_accuracy
from judged
group by all
order by all;

comment on view annotated_accuracy is
'The verifier against human annotators, step by step (SIPF Table 3).';
comment on column annotated_accuracy.n is 'annotated steps';
comment on column annotated_accuracy.base_accuracy is
'accuracy of one answer for every step, the more frequent one';

create or replace view first_errors as
with solutions as (
    select
        iteration,
        dataset,
        item,
        coalesce(min(step) filter (where not sound), -1) as label,
        coalesce(min(step) filter (where probability < 0.5), -1) as predicted
    from annotated_steps
    group by all
),

shares as (
    select
        iteration,
        dataset,
        count(*) filter (where label >= 0) as n_wrong,
        count(*) filter (where label = -1) as n_sound,
        avg((predicted = label)::int) filter (where label >= 0) as wrong_accuracy,
        avg((predicted = label)::int) filter (where label = -1) as sound_accuracy
    from solutions
    group by all
)

select
    *,
    case
        when wrong_accuracy + sound_accuracy = 0 then 0
        else 2 * wrong_accuracy * sound_accuracy / (wrong_accuracy + sound_accuracy)
    end as f1
from shares
order by all;

comment on view first_errors is
'Does the verifier find the earliest wrong step? As in ProcessBench.';
comment on column first_errors.wrong_accuracy is
'share of wrong solutions whose earliest wrong step it names';
comment on column first_errors.sound_accuracy is 'share of sound solutions in which it finds none';
comment on column first_errors.f1 is 'their harmonic mean';

create or replace view tail as
select
    iteration,
    level,
    count(*) as n_problems,
    count(*) filter (where tail_before) as n_tail_before,
    count(*) filter (where tail_after) as n_tail_after,
    count(*) filter (where n_correct > 0) as n_solved,
    count(*) filter (where tail_before and n_correct > 0) as n_tail_solved,
    avg((n_correct > 0)::int) as coverage,
    avg((n_correct > 0)::int) filter (where tail_before) as tail_coverage
from coverage
where n_drawn > 0
group by all
order by all;

comment on view tail is
'The tail (solve rate below guide.tail_below) before and after guidance, and coverage, by level.';
comment on column tail.n_problems is 'drawn for in the iteration';
comment on column tail.n_tail_before is 'in the tail by their unguided draws';
comment on column tail.n_tail_after is 'still in it by all draws';
comment on column tail.n_solved is 'solved at least once';
comment on column tail.n_tail_solved is 'of n_tail_before, solved at least once';
comment on column tail.coverage is 'n_solved / n_problems';
comment on column tail.tail_coverage is 'n_tail_solved / n_tail_before; null without a tail';

create or replace view extractions as
with judged as (
    select
        iteration,
        'samples' as answers,
        outcome_stated = 'correct' as stated,
        outcome_flexible = 'correct' as flexible
    from verdicts
    union all
    select iteration, suite, correct_stated, correct_flexible
    from evaluations
    where mode = 'greedy'
)

select
    iteration,
    answers,
    count(*) as n,
    count(*) filter (where stated) as n_stated,
    count(*) filter (where flexible) as n_flexible,
    count(*) filter (where stated != flexible) as n_differ,
    avg(stated::int) as share_stated,
    avg(flexible::int) as share_flexible
from judged
where stated is not null and flexible is not null
group by all
order by all;

comment on view extractions is
'Right answers by what texts state and by the flexible reading.';
comment on column extractions.answers is 'samples, or the suite of the greedy answers';
comment on column extractions.n_differ is 'judged differently';

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

comment on view disagreements is
'Imported samples on which their source and the grader disagree.';
comment on column disagreements.recorded_correct is 'the verdict of the source';

create or replace view pair_choice as
select
    iteration,
    count(*) as n_pairs,
    count(*) filter (where not chosen_correct) as n_wrong_chosen,
    count(*) filter (where rejected_correct) as n_right_rejected
from pairs
group by iteration
order by iteration;

comment on view pair_choice is
'How many pairs prefer a wrong answer, and how many reject a right one.';

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

comment on view training_rows is 'How many rows train each iteration''s model.';
comment on column training_rows.n_undesired is 'examples to avoid, with a wrong answer';
comment on column training_rows.n_rows is 'pairs and examples';

create or replace view graded_samples as
select
    samples.iteration,
    sample_id,
    samples.problem_id,
    problems.source,
    problems.level,
    problems.subject,
    samples.strategy,
    samples.draw,
    verdicts.outcome,
    verdicts.outcome = 'correct' as correct,
    verdicts.extracted,
    problems.answer,
    samples.n_tokens,
    samples.logprob,
    samples.finish,
    problems.question,
    samples.text,
    verdicts.detail
from samples
left join verdicts using (iteration, sample_id)
left join problems on samples.problem_id = problems.problem_id;

comment on view graded_samples is 'Each sample with its verdict and its problem, in one row.';
comment on column graded_samples.correct is
'whether the outcome is correct; null if it was not graded';
comment on column graded_samples.answer is 'the reference answer';
comment on column graded_samples.strategy is
'unguided, or how guidance drew it; gold is a supplement that nothing drew';
comment on column graded_samples.outcome is 'null if it was not graded';

create or replace view distinct_pairs as
select
    pairs.* exclude (iteration),
    problems.level
from pairs
left join problems using (problem_id)
qualify row_number() over (partition by pair_id order by iteration) = 1;

comment on view distinct_pairs is
'Each preference pair once, though it trains several iterations'' models where paths accumulate
(dedup.cumulative). Its rewards are those of the first of them.';
comment on column distinct_pairs.level is 'of the problem';

-- Written by `make contract` from schemas/; a test compares.

create or replace view settings as
select * from read_parquet(
    'data/settings/**/part.parquet', hive_partitioning = true, union_by_name = true
);

comment on view settings is 'One row per parameter, as text.';
comment on column settings.value is 'JSON';

create or replace view sources as
select stage, * exclude (stage) from read_parquet(
    'data/sources/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'stage': varchar}
);

comment on view sources is 'One row per data set or model that the run read from the hub.';
comment on column sources.stage is 'that read it';
comment on column sources.source is 'the id that the setting names';
comment on column sources.hub_commit is 'the commit that was read; null if the hub could not say';

create or replace view problems as
select * from read_parquet(
    'data/problems/**/part.parquet', hive_partitioning = true, union_by_name = true
);

comment on view problems is 'One row per problem, for training or for an evaluation suite.';
comment on column problems.source is 'training set or evaluation suite; or the task''s name';
comment on column problems.split is 'dev: held out of training, to choose checkpoints by (section select); train, dev, test';
comment on column problems.domain is 'of an evaluation suite: whether such problems are trained on; in, out';
comment on column problems.form_of is 'id that the forms of one problem share; null if it has one form';
comment on column problems.kind is 'how an answer is graded; math, choice, code, stdin, program';
comment on column problems.prompt is 'the question as the model sees it';
comment on column problems.answer is 'the reference answer; for code and stdin, the reference program';
comment on column problems.options is 'the options of a choice, A first';
comment on column problems.rationale is 'gold steps; their concatenation is the text';
comment on column problems.demonstrated is 'its rationale is in D0, the rows that train the first model';
comment on column problems.tests is 'unit tests of a code problem; of stdin, each an input and its output as JSON';
comment on column problems.given is 'Python code put before every solution of a code problem';
comment on column problems.level is 'difficulty, 1 is easiest; 0 or more';

create or replace view samples as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'data/samples/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

comment on view samples is 'One row per completion drawn.';
comment on column samples.iteration is '0 or more';
comment on column samples.strategy is 'unguided, brute_force, answer, rationale, interactive, state_reset, adaptive, gold, imported';
comment on column samples.attempt is 'round of drawing, from 0; 0 or more';
comment on column samples.draw is 'index among the draws of one problem; 0 or more';
comment on column samples.hint is 'shown in the prompt, or as the start of the text';
comment on column samples.revealed is 'share of the rationale that the hint showed; 0 to 1';
comment on column samples.n_tokens is '0 or more';
comment on column samples.logprob is 'sum over the text''s tokens, nats';
comment on column samples.finish is 'length: cut off, or empty because the prompt left no room for a token; stop, length, refused, imported';
comment on column samples.seed is '0 or more';
comment on column samples.engine is 'name and version';
comment on column samples.parent is 'the sample this one revises';
comment on column samples.recorded_correct is 'the verdict of an import''s source';

create or replace view verdicts as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'data/verdicts/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

comment on view verdicts is 'One row per sample graded.';
comment on column verdicts.iteration is '0 or more';
comment on column verdicts.outcome is 'correct, wrong, unparseable, timeout, error';
comment on column verdicts.extracted is 'the answer found in the text';
comment on column verdicts.detail is 'how it was decided, or why it could not be';
comment on column verdicts.grader is 'version of the grader';
comment on column verdicts.outcome_stated is 'by the answer that the text states; correct, wrong, unparseable, timeout, error';
comment on column verdicts.outcome_flexible is 'by the same or, if none is stated, the last that could be one; correct, wrong, unparseable, timeout, error';
comment on column verdicts.extracted_flexible is 'the answer that it goes by';

create or replace view reveals as
select iteration, * exclude (iteration) from read_parquet(
    'data/reveals/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view reveals is 'One row per hard problem and number of gold steps shown at the start of its answer.';
comment on column reveals.iteration is '0 or more';
comment on column reveals.shown is 'gold steps; 0 is unguided; 0 or more';
comment on column reveals.tried is 'attempts; each weighs half as much per iteration since; 0 or more';
comment on column reveals.solved is 'the right ones among them, weighed alike; 0 or more';

create or replace view paths as
select iteration, * exclude (iteration) from read_parquet(
    'data/paths/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view paths is 'One row per distinct reasoning path of a problem that an iteration may train on.';
comment on column paths.iteration is '0 or more';
comment on column paths.made_in is 'iteration whose samples took it first; 1 or more';
comment on column paths.sample_ids is 'samples that took this path, the represented one first; with dedup.cumulative those of earlier iterations too';
comment on column paths.steps is 'their concatenation is the first sample''s text';
comment on column paths.fingerprint is 'digest of the equations and the answer, or of the program';
comment on column paths.kept is 'false if another path represents it';
comment on column paths.duplicate_of is 'the path that represents it';
comment on column paths.truth is 'whether each step is sound; null if the task can''t tell';

create or replace view perplexities as
select iteration, * exclude (iteration) from read_parquet(
    'data/perplexities/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view perplexities is 'One row per text measured: a kept right path, or the gold rationale of a problem asked.';
comment on column perplexities.iteration is '0 or more';
comment on column perplexities.origin is 'gold, sampled';
comment on column perplexities.text_id is 'the path''s id; for a gold rationale, the problem''s';
comment on column perplexities.n_tokens is 'of the part of the text that the model read; without EOS; 1 or more';
comment on column perplexities.nll_mean is 'negative log-likelihood per token given the prompt, nats; 0 or more';

create or replace view step_labels as
select iteration, * exclude (iteration) from read_parquet(
    'data/step_labels/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view step_labels is 'One row per step judged. With counts of all K rollouts, other thresholds are a query.';
comment on column step_labels.iteration is '0 or more';
comment on column step_labels.step is '0 or more';
comment on column step_labels.labeler is 'rollouts, outcome, judge, oracle';
comment on column step_labels.n_rollouts is '0 if the label is a judge''s or the oracle''s; 0 or more';
comment on column step_labels.n_correct is '0 or more';
comment on column step_labels.n_evidence is 'right answers known to be reachable from here without rollouts of the step itself (label.evidence); in no other count; 0 or more';
comment on column step_labels.stop is 'why it ended. successes, out_of_reach: the label was certain; all: every rollout was drawn; given_up: label.patience; evidence: label.evidence; inferred: measured partly or not at all, the label follows from the path''s other steps (label.search); known: no rollouts were needed; successes, out_of_reach, all, given_up, evidence, inferred, known';
comment on column step_labels.label is 'the hard label: more than delta rollouts were right (SIPF §2.2, Eq. 2), or what the judge or oracle says; with label.prefix_and, false after a false one';
comment on column step_labels.reflection is 'the judge''s reason';

create or replace view rollouts as
select iteration, * exclude (iteration) from read_parquet(
    'data/rollouts/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view rollouts is 'One row per new reasoning path that a right rollout found (`label.keep_rollouts=right`).';
comment on column rollouts.iteration is '0 or more';
comment on column rollouts.made_in is 'iteration that drew it; 1 or more';
comment on column rollouts.path_id is 'the labelled path whose beginning it continues';
comment on column rollouts.step is 'index of the last step taken from that path; 0 or more';
comment on column rollouts.prefix is 'those steps, joined';
comment on column rollouts.text is 'the whole solution: prefix and continuation';
comment on column rollouts.fingerprint is 'as in paths; no path of the problem has the same';
comment on column rollouts.extracted is 'the answer found in the text';
comment on column rollouts.grader is 'version of the grader';
comment on column rollouts.draw is 'index among the rollouts of the prefix; 0 or more';
comment on column rollouts.n_tokens is 'of the continuation alone; 0 or more';
comment on column rollouts.logprob is 'sum over the tokens of the continuation, nats';
comment on column rollouts.finish is 'stop, length';
comment on column rollouts.seed is '0 or more';
comment on column rollouts.engine is 'name and version';
comment on column rollouts.prompt_digest is 'of the prompt with the prefix';

create or replace view corrections as
select iteration, * exclude (iteration) from read_parquet(
    'data/corrections/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view corrections is 'One row per wrong path whose first wrong step was resampled.';
comment on column corrections.iteration is '0 or more';
comment on column corrections.step is 'index of the first wrong step; 0 or more';
comment on column corrections.prefix is 'the steps before it, joined';
comment on column corrections.rejected is 'the wrong step';
comment on column corrections.rejected_ends is 'whether it is the path''s last step';
comment on column corrections.correction is 'first step of a continuation that reached the answer; null if none did';
comment on column corrections.correction_ends is 'whether that continuation had no other step';
comment on column corrections.n_tries is 'continuations drawn for it; 1 or more';

create or replace view step_scores as
select iteration, * exclude (iteration) from read_parquet(
    'data/step_scores/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view step_scores is 'One row per step scored by the process reward model.';
comment on column step_scores.iteration is '0 or more';
comment on column step_scores.step is '0 or more';
comment on column step_scores.probability is 'that the step is right; 0 to 1';

create or replace view path_scores as
select iteration, * exclude (iteration) from read_parquet(
    'data/path_scores/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view path_scores is 'One row per path scored.';
comment on column path_scores.iteration is '0 or more';
comment on column path_scores.reward is 'mean step probability (SIPF §2.3, Eq. 5); 0 to 1';
comment on column path_scores.reward_min is 'lowest step probability; 0 to 1';
comment on column path_scores.n_steps is '1 or more';

create or replace view annotated_steps as
select iteration, * exclude (iteration) from read_parquet(
    'data/annotated_steps/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view annotated_steps is 'One row per step of an annotated solution (SIPF Appendix C, ProcessBench).';
comment on column annotated_steps.iteration is 'of the verifier; 0 or more';
comment on column annotated_steps.item is 'the solution''s id in its file';
comment on column annotated_steps.step is '0 or more';
comment on column annotated_steps.level is '0 or more';
comment on column annotated_steps.sound is 'the annotators'' verdict; null after the first wrong step in ProcessBench';
comment on column annotated_steps.probability is 'that the step is right; null beyond score.max_length; 0 to 1';

create or replace view pairs as
select iteration, * exclude (iteration) from read_parquet(
    'data/pairs/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view pairs is 'One row per preference pair that trains the model of its iteration.';
comment on column pairs.iteration is '0 or more';
comment on column pairs.made_in is 'iteration whose samples gave the newer side; 1 or more';
comment on column pairs.chosen_id is 'a path, a correction of a step, a kept rollout, or a gold row of examples';
comment on column pairs.rejected_id is 'a path';
comment on column pairs.prefix is 'the steps before, which both sides share; empty for whole paths';
comment on column pairs.chosen_ends is 'whether the text ends there, so that EOS is trained too';
comment on column pairs.rejected_ends is 'whether the text ends there, so that EOS is trained too';
comment on column pairs.margin is 'chosen_reward - rejected_reward (SIPF Eq. 6)';

create or replace view examples as
select iteration, * exclude (iteration) from read_parquet(
    'data/examples/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view examples is 'One row per unpaired training row of the model of its iteration.';
comment on column examples.iteration is '0 or more';
comment on column examples.made_in is 'iteration whose samples gave or required it; 0: D0; 0 or more';
comment on column examples.origin is 'gold, sampled, rollout';
comment on column examples.path_id is 'its path or kept rollout; null for gold';
comment on column examples.steps is 'the pieces that step_labels judge; joined, they are exactly the completion';
comment on column examples.step_labels is 'whether each step is right; null if the steps are not labelled';
comment on column examples.correct is 'the outcome label: whether the row is desired';

create or replace view losses as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'data/losses/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

comment on view losses is 'One row per logged optimiser step of a training stage.';
comment on column losses.iteration is '0 or more';
comment on column losses.step is '0 or more';
comment on column losses.loss is 'null if only the held-out rows were scored';
comment on column losses.dev_loss is 'mean over the held-out rows';
comment on column losses.logprob_chosen is 'mean per token, nats (SIPF Figure 3)';
comment on column losses.logprob_rejected is 'mean per token, nats';

create or replace view checkpoint_scores as
select iteration, * exclude (iteration) from read_parquet(
    'data/checkpoint_scores/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view checkpoint_scores is 'One row per checkpoint that was measured on held-out problems.';
comment on column checkpoint_scores.iteration is '0 or more';
comment on column checkpoint_scores.step is 'optimiser steps before it was saved; 0 or more';
comment on column checkpoint_scores.n_problems is 'held-out training problems, each answered greedily; 1 or more';
comment on column checkpoint_scores.n_correct is '0 or more';
comment on column checkpoint_scores.chosen is 'whether it is the iteration''s model';

create or replace view evaluations as
select iteration, * exclude (iteration) from read_parquet(
    'data/evaluations/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view evaluations is 'One row per problem answered in an evaluation of an iteration''s model.';
comment on column evaluations.iteration is 'of the model; 0 is after SFT; 0 or more';
comment on column evaluations.mode is 'greedy, vote';
comment on column evaluations.domain is 'of the suite; in, out';
comment on column evaluations.form_of is 'id that the forms of one problem share';
comment on column evaluations.n_drawn is '1 or more';
comment on column evaluations.n_correct is 'right ones of the draws; gives Pass@k for any k; 0 or more';
comment on column evaluations.extracted is 'the answer given, or the one most voted for';
comment on column evaluations.correct_stated is 'by the answer that the text states; greedy';
comment on column evaluations.correct_flexible is 'by the same or, if none is stated, the last that could be one; greedy';
comment on column evaluations.flawed is 'right answer with an unsound step; greedy, if the task can check steps';
comment on column evaluations.text is 'the greedy solution';
comment on column evaluations.n_tokens is '0 or more';

create or replace view flaws as
select iteration, * exclude (iteration) from read_parquet(
    'data/flaws/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view flaws is 'One row per right greedy answer that was searched for a wrong step.';
comment on column flaws.iteration is '0 or more';
comment on column flaws.reviewer is 'who searched; verifier, critic';
comment on column flaws.n_steps is '1 or more';
comment on column flaws.first_wrong is 'the earliest wrong step, from 0; -1 without one (as in ProcessBench); -1 or more';
comment on column flaws.probability_min is 'the verifier''s, of the least likely step; 0 to 1';
comment on column flaws.reflection is 'the critic''s reason';

create or replace view duels as
select iteration, * exclude (iteration) from read_parquet(
    'data/duels/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view duels is 'One row per pair of greedy solutions, aspect judged, and order of the two.';
comment on column duels.iteration is 'of the model; 0 or more';
comment on column duels.aspect is 'correctness, completeness, reasonableness, conciseness, consistency, overall';
comment on column duels.place is 'position of the model''s solution; A, B';
comment on column duels.rival is 'whose solution the other is: first (M0), or a file''s name';
comment on column duels.verdict is 'from the model''s side; won, lost, tie';

create or replace view coverage as
select iteration, * exclude (iteration) from read_parquet(
    'data/coverage/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view coverage is 'One row per iteration and problem that it or an earlier one drew for.';
comment on column coverage.iteration is '0 or more';
comment on column coverage.n_drawn is '0 or more';
comment on column coverage.n_correct is '0 or more';
comment on column coverage.solve_rate is 'null without draws; 0 to 1';
comment on column coverage.tail_before is 'solve rate below guide.tail_below on the unguided draws';
comment on column coverage.tail_after is 'the same over all draws, guided ones too';
comment on column coverage.n_tokens is '0 or more';
comment on column coverage.solved_ever is 'in this iteration or an earlier one';

create or replace view progress as
select iteration, * exclude (iteration) from read_parquet(
    'data/progress/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view progress is 'One row per iteration: budget, coverage and data sizes (SIPF Tables 6 and 7).';
comment on column progress.iteration is '0 or more';
comment on column progress.n_problems is 'problems drawn for in the iteration; 0 or more';
comment on column progress.n_solved is 'of those, solved at least once in it; 0 or more';
comment on column progress.n_solved_ever is 'problems solved in it or an earlier one, of all rows of coverage in the iteration; can be more than n_problems; 0 or more';
comment on column progress.coverage is 'n_solved / n_problems; 0 without draws; 0 to 1';
comment on column progress.coverage_so_far is 'n_solved_ever as a share of the problems drawn for so far; null without any; 0 to 1';
comment on column progress.n_draws is '0 or more';
comment on column progress.n_draws_correct is '0 or more';
comment on column progress.n_tokens is '0 or more';
comment on column progress.n_paths is 'rows of paths; with dedup.cumulative of all iterations; 0 or more';
comment on column progress.n_paths_correct is '0 or more';
comment on column progress.n_steps_labelled is 'of paths that are new in the iteration; 0 or more';
comment on column progress.n_rollouts is 'that labelled them; 0 or more';
comment on column progress.n_corrections is 'first wrong steps that got a right continuation; 0 or more';
comment on column progress.n_pairs is '0 or more';
comment on column progress.n_pairs_wrong_chosen is 'pairs whose chosen answer is wrong; 0 or more';
comment on column progress.n_examples is '0 or more';

create or replace view solve_rates as
select iteration, * exclude (iteration) from read_parquet(
    'data/solve_rates/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view solve_rates is 'One row per iteration, moment, level and tenth of the solve rate that any problem has.';
comment on column solve_rates.iteration is '0 or more';
comment on column solve_rates.moment is 'before guidance (plain draws alone), or after (all draws); before, after';
comment on column solve_rates.bin is 'tenth of the solve rate: 3 is 0.3 to 0.4, 9 includes 1; 0 to 9';
comment on column solve_rates.n_problems is '1 or more';

create or replace view strategies as
select iteration, * exclude (iteration) from read_parquet(
    'data/strategies/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view strategies is 'One row per iteration and strategy of drawing.';
comment on column strategies.iteration is '0 or more';
comment on column strategies.strategy is 'unguided, brute_force, answer, rationale, interactive, state_reset, adaptive, gold, imported';
comment on column strategies.n_problems is 'problems asked; 1 or more';
comment on column strategies.n_solved is 'problems with a right sample of this strategy; 0 or more';
comment on column strategies.n_draws is 'samples; for gold, the rationales given; 1 or more';
comment on column strategies.n_correct is '0 or more';
comment on column strategies.n_tokens is '0 or more';
comment on column strategies.revealed_mean is 'share of the rationale shown for a draw; 0 to 1';
comment on column strategies.shortcut_mean is 'steps minus gold steps of a right sample, counted on its path (GSI: short-cutting is below 0); null without a gold rationale';
comment on column strategies.n_judged is 'right samples whose path has every step judged: by the task''s truth if it can tell, else by step labels, of which at least one is not the path''s outcome; 0 or more';
comment on column strategies.n_spurious is 'of those, with a wrong step (GSI); null if none was judged; 0 or more';
comment on column strategies.leakage_mean is 'share of a text''s characters that come from its hint; null under answer; 0 to 1';

create or replace view narrowing as
select iteration, * exclude (iteration) from read_parquet(
    'data/narrowing/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint}
);

comment on view narrowing is 'One row per iteration, kind of self-generated data and measure, compared with gold data.';
comment on column narrowing.iteration is '0 or more';
comment on column narrowing.data is 'which right samples; unguided, all';
comment on column narrowing.measure is 'level of the problem; length of the sample''s path in tokens of the reference model, and its perplexity under that model (table perplexities); characters of the text; level, length, characters, perplexity';
comment on column narrowing.n_self is '0 or more';
comment on column narrowing.n_gold is '0 or more';
comment on column narrowing.self_mean is 'null without values, as are all below';
comment on column narrowing.distance is 'Wasserstein-1, in the measure''s unit; 0 or more';
comment on column narrowing.tail_from is 'gold''s 80th percentile';
comment on column narrowing.self_tail is 'share at or above tail_from; 0 to 1';
comment on column narrowing.gold_tail is 'share at or above tail_from; 0 to 1';

create or replace view rejects as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'data/rejects/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

comment on view rejects is 'One row per thing left out: a bad source row, a contaminated problem, an unusable answer.';
comment on column rejects.iteration is '0 or more';
comment on column rejects.item is 'file and line, or the id of a problem, sample or path';
comment on column rejects.content is 'the beginning of what was left out';

create or replace view costs as
select iteration, stage, * exclude (iteration, stage) from read_parquet(
    'measured/costs/**/part.parquet', hive_partitioning = true, union_by_name = true,
    hive_types = {'iteration': smallint, 'stage': varchar}
);

comment on view costs is 'One row per stage and iteration, as measured when the stage ran.';
comment on column costs.iteration is '0 or more';
comment on column costs.elapsed_s is '0 or more';
comment on column costs.cpu_s is '0 or more';
comment on column costs.peak_memory_mb is '0 or more';
comment on column costs.n_draws is 'completions drawn from a model in this execution; 0 or more';
comment on column costs.n_draws_reused is 'completions found in the generation ledger; 0 or more';
comment on column costs.n_tokens is 'tokens of the completions drawn in this execution; 0 or more';
comment on column costs.n_optimiser_steps is '0 or more';
comment on column costs.n_trained_tokens is 'tokens read with gradients: prompts, completions, both sides of pairs; 0 or more';
comment on column costs.ended_at is 'time in UTC, as 2026-11-28T13:46:24Z';
comment on column costs.commit is 'of the code; with + if it was changed since';
comment on column costs.versions is 'of Python and the main packages';
comment on column costs.machine is 'processor, cores, memory, GPUs';

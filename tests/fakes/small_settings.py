"""Settings of runs small enough for a test."""

from stages.feedback.step_judge import JudgeSettings
from stages.guidance.tail import GuideSettings
from stages.label import LabelSettings
from stages.models.model_settings import ScratchSettings
from stages.tasks.datasets import DatasetsSettings
from stages.tasks.toy import ToySettings
from stages.training.training_settings import SelectSettings

SELECT_LAST = SelectSettings(method="last", n_problems=0, max_tokens=8, folder="models", turns={})

BARE = {  # asked by bare text
    "prompt": "plain",
    "system": None,
    "instruction": None,
    "template": {},
    "examples": "train",
    "n_examples": 8,
    "stop": None,
}


def toy_settings(**changes: object) -> ToySettings:
    """A small toy."""
    values = {
        "name": "toy",
        "modulus": False,
        "levels": 5,
        "n_demonstrated": 6,
        "n_train": 8,
        "n_test": 4,
        "suites": {},
    }
    return ToySettings.model_validate(values | changes)


def datasets_settings() -> DatasetsSettings:
    """A task of files, which can't make further problems."""
    files = {"train": {"gsm8k": "a"}, "test": {"gsm8k": "b"}, "n_train": None, "n_test": None}
    return DatasetsSettings.model_validate({"name": "datasets"} | files)


def scratch_settings(**changes: object) -> ScratchSettings:
    """A very small Llama, untrained."""
    values = {
        "kind": "scratch",
        "vocabulary": 400,
        "width": 32,
        "layers": 2,
        "heads": 2,
        "kv_heads": 1,
        "feed_forward": 48,
        "max_positions": 256,
        "init_std": 0.08,
        "simulator": "policy",
        "simulator_revision": None,
        "verifier_revision": None,
        "verifier": "policy",
        "adapter": None,
    }
    return ScratchSettings.model_validate(BARE | values | changes)


def guide_settings(**changes: object) -> GuideSettings:
    """Guidance of a small tail."""
    values = {
        "strategy": "none",
        "tail_below": 0.5,
        "max_attempts": 4,
        "restart": True,
        "aim": 0.5,
        "temperature": 0.7,
        "top_p": 1.0,
        "max_tokens": 24,
    }
    return GuideSettings.model_validate(values | changes)


def judge_settings(**changes: object) -> JudgeSettings:
    """A judge that is not there until a test names its url."""
    values = {
        "url": None,
        "model": "judge-1",
        "key_variable": "JUDGE_KEY",
        "concurrency": 4,
        "timeout_s": 10.0,
        "retries": 0,
        "shard_size": 8,
        "temperature": 0.5,
        "max_tokens": 100,
        "max_tries": 3,
        "json_schema": False,
        "system": None,
        "stop": [],
    }
    return JudgeSettings.model_validate(values | changes)


def label_settings(**changes: object) -> LabelSettings:
    values = {
        "method": "rollouts",
        "prefix_and": False,
        "max_rollouts": 8,
        "delta": 0,
        "max_paths": 100,
        "max_per_problem": 2,
        "first": "any",
        "temperature": 1.0,
        "top_p": 1.0,
        "max_tokens": 8,
        "early_stop": False,
        "patience": None,
        "search": "all",
        "evidence": "own",
        "keep_rollouts": "none",
    }
    return LabelSettings.model_validate(values | changes)

"""engine=auto: vLLM where it and a GPU are available, otherwise transformers."""

from stages.compute.compute_settings import has_gpu
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.engines.engine import EngineKind, EngineSettings, engine_version, open_engine
from stages.engines.vllm_offline import VllmSettings, find_vllm


class AutoSettings(VllmSettings, TransformersSettings):
    """The settings of both; `resolve_auto` chooses between them on the machine that samples."""


def resolve_auto(settings: EngineSettings) -> EngineSettings:
    """The settings of the engine to open; returns those of other engines unchanged.

    If vLLM is not installed, it does not look for a GPU, and so does not import torch.
    """
    if not isinstance(settings, AutoSettings):
        return settings
    fast = find_vllm() is not None and has_gpu()
    chosen: type[EngineSettings] = VllmSettings if fast else TransformersSettings
    values = settings.model_dump(include=set(chosen.model_fields))
    return chosen.model_validate(values | {"name": "vllm" if fast else "transformers"})


ENGINE = EngineKind(
    AutoSettings,
    version=lambda settings, model: engine_version(resolve_auto(settings), model),
    open=lambda settings, model, device, form: open_engine(
        resolve_auto(settings), model, device, form
    ),
)

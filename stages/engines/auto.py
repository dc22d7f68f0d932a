"""Which engine is meant by engine=auto, decided on the machine that draws."""

from stages.compute import has_gpu
from stages.engines.engine import AutoSettings, EngineSettings, TransformersSettings, VllmSettings
from stages.engines.vllm_engine import installed


def settled(settings: EngineSettings) -> EngineSettings:
    """The settings of the engine to open: auto is vLLM where it and a GPU are, else transformers.

    Where vLLM is not installed, torch is not asked for a GPU, and so not imported.
    """
    if not isinstance(settings, AutoSettings):
        return settings
    fast = installed() is not None and has_gpu()
    chosen: type[EngineSettings] = VllmSettings if fast else TransformersSettings
    values = settings.model_dump(include=set(chosen.model_fields))
    return chosen.model_validate(values | {"name": "vllm" if fast else "transformers"})

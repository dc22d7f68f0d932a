"""The shape of a model: where it is read from, and how many parameters it has."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import RatchetError
from stages.models.model_settings import Shape
from stages.planning.recorded_run import recorded_section

BASE = Path("models/base")
MODEL_FILES = Path("conf/model")
CONFIG = "config.json"
# what config.json calls each size; the first name that is there counts
NAMES = {
    "layers": ("num_hidden_layers", "n_layer"),
    "width": ("hidden_size", "n_embd"),
    "heads": ("num_attention_heads", "n_head"),
    "kv_heads": ("num_key_value_heads",),
    "head_dim": ("head_dim",),
    "feed_forward": ("intermediate_size", "n_inner"),
    "vocabulary": ("vocab_size",),
    "max_positions": ("max_position_embeddings", "n_positions"),
}
TWO_MATRICES = {"phi", "gpt2", "gpt_neox", "opt"}  # model types whose feed-forward has no gate
LEARNED_POSITIONS = {"gpt2", "opt"}
TIED_BY_DEFAULT = {"gemma", "gemma2", "gemma3_text", "gpt2", "opt"}  # where config.json is silent


def count_parameters(shape: Shape) -> int:
    """Parameters of a causal model, without biases and norms, which are below a thousandth."""
    embeddings = shape.vocabulary * shape.width * (1 if shape.tied else 2)
    if shape.learned_positions:
        embeddings += shape.max_positions * shape.width
    return embeddings + shape.layers * layer_parameters(shape)


def layer_parameters(shape: Shape) -> int:
    """Parameters of the matrices of one layer."""
    return sum(rows * columns for rows, columns in matrices(shape))


def matrices(shape: Shape) -> list[tuple[int, int]]:
    """(inputs, outputs) of each linear map of one layer."""
    inner, shared = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    attention = [(shape.width, inner), (shape.width, shared), (shape.width, shared)]
    attention.append((inner, shape.width))
    up = [(shape.width, shape.feed_forward)] * (2 if shape.gated else 1)
    return [*attention, *up, (shape.feed_forward, shape.width)]


def adapter_parameters(shape: Shape, rank: int) -> int:
    """Parameters of low-rank adapters on every linear map but the head."""
    return shape.layers * sum(rank * (rows + columns) for rows, columns in matrices(shape))


def read_shape(config: Mapping[str, Any]) -> Shape | None:
    """The shape that a config.json says; None if it names no sizes that are understood."""
    text = config.get("text_config") or config
    sizes: dict[str, Any] = {
        name: next((text[key] for key in keys if text.get(key)), None)
        for name, keys in NAMES.items()
    }
    if None in (sizes["layers"], sizes["width"], sizes["heads"], sizes["vocabulary"]):
        return None
    kind = str(text.get("model_type"))
    tied = text.get("tie_word_embeddings", config.get("tie_word_embeddings"))
    return Shape(
        layers=sizes["layers"],
        width=sizes["width"],
        heads=sizes["heads"],
        kv_heads=sizes["kv_heads"] or sizes["heads"],
        head_dim=sizes["head_dim"] or sizes["width"] // sizes["heads"],
        feed_forward=sizes["feed_forward"] or 4 * sizes["width"],
        vocabulary=sizes["vocabulary"],
        tied=kind in TIED_BY_DEFAULT if tied is None else bool(tied),
        max_positions=sizes["max_positions"] or 2**31,
        gated=kind not in TWO_MATRICES,
        learned_positions=kind in LEARNED_POSITIONS,
    )


def read_folder(folder: Path) -> Shape | None:
    """The shape of a model folder; None if it has no config.json with sizes."""
    file = folder / CONFIG
    if not file.is_file():
        return None
    try:
        return read_shape(json.loads(file.read_text()))
    except ValueError as error:
        raise RatchetError(f"{file} is damaged (not valid JSON): fetch the model again") from error


def scratch_shape(settings: Any) -> Shape:
    """The shape of a model made from scratch, by its settings (an `Architecture`)."""
    sizes = ("layers", "width", "heads", "kv_heads", "feed_forward", "vocabulary", "max_positions")
    head_dim = settings.width // settings.heads
    return Shape(**{n: getattr(settings, n) for n in sizes}, head_dim=head_dim, tied=True)


def find_shape(model: Any) -> Shape | None:
    """The shape of the policy that section `model` describes; None if nothing says it.

    Of a pretrained one, in this order: the folder model.source, model.shape, models/base if the
    last run fetched it from this source.
    """
    if model.kind == "scratch":
        return scratch_shape(model)
    if model.kind == "none":
        return None
    named, *fetched = model_folders(model)
    return read_folder(named) or model.shape or next(map(read_folder, fetched), None)


def model_folders(model: Any) -> list[Path]:
    """Where a pretrained model may be: its source, and models/base if it was fetched from there."""
    named = Path(model.source).expanduser()
    is_fetched = recorded_section("model").get("source") == model.source
    return [named, BASE] if is_fetched else [named]


def require_shape(model: Any) -> Shape:
    """`find_shape`. Raises RatchetError that names the setting if nothing says it."""
    shape = find_shape(model)
    if shape is None:
        raise RatchetError(
            f"the sizes of model.source={model.source} are not known before it is fetched: give "
            "model.shape={layers, width, heads, kv_heads, head_dim, feed_forward, vocabulary, "
            "tied, max_positions}, or run `dvc repro base`"
        )
    return shape


def simulator_shape(model: Any, simulator: Any, policy: Shape) -> Shape | None:
    """The shape of the model that continues steps; None if it is remote or unknown."""
    if model.simulator == "policy":
        return policy
    if model.simulator == "trained":
        return scratch_shape(simulator)
    if model.simulator == "server":
        return None
    return source_shape(model.simulator) or read_folder(Path("models/simulator"))


def source_shape(source: str) -> Shape | None:
    """The shape of a folder, or of an id that one of the files in conf/model names."""
    return read_folder(Path(source).expanduser()) or _known_shapes().get(source)


def _known_shapes() -> dict[str, Shape]:
    """Model id → shape, from conf/model."""
    sections = [yaml.safe_load(f.read_text()).get("model", {}) for f in MODEL_FILES.glob("*.yaml")]
    return {
        s["source"]: Shape(**s["shape"]) for s in sections if s.get("source") and s.get("shape")
    }

"""Memory of training, by objective.

All weights are trained in float32 with AdamW: 4 bytes of weight, 4 of gradient, 8 of moments. Under
adapters the base keeps its stored precision, or four bits, and only adapters have gradients and
moments. Losses with a reference model hold a second copy, except under adapters: there it is
the base with its adapter switched off.
"""

from dataclasses import dataclass

from stages.models.model_settings import Shape
from stages.planning.memory_split import Memory, highest
from stages.planning.model_memory import Device, forward_bytes_per_token
from stages.planning.shapes import adapter_parameters, count_parameters

PAIRED = {"dpo", "rpo", "ipo", "step_dpo", "simpo", "orpo"}  # both sides of a pair in one batch
WITH_REFERENCE = {"dpo", "rpo", "ipo", "step_dpo", "kto", "step_kto"}
WHOLE_LOGITS = {"orpo", "simpo"}  # the others go through the vocabulary in tiles
TILE_ROWS, TILE_COLUMNS = 4096, 32768  # of TRL's fused head
TILE_COPIES = {True: 1, False: 8}  # a kernel's one tile on a GPU; PyTorch's operations elsewhere
LOGIT_COPIES = {"orpo": 2.6, "simpo": 2.6}  # of the logits at once, measured
FREED_LAYERS = 3  # layers whose tensors the allocator keeps after they are freed, at most; measured
FREED_SHARE = 0.35  # of all layers; once more under checkpointing, where gradients lie between
FOUR_BITS = 0.516  # bytes of a weight in NF4 with doubly quantised constants (QLoRA §3)


@dataclass(frozen=True)
class Training:
    """One training run in one process."""

    objective: str  # one of OBJECTIVES, or verifier
    rows: int  # of a batch in this process; pairs count once
    tokens: int  # of a row, at most
    rank: int | None = None  # of adapters
    bits: int = 16
    dropout: float = 0.0
    checkpointing: bool = False
    accumulate: int = 1
    half: bool = False  # what a layer keeps is in bf16; a processor keeps float32 beside it
    cast: bool = False  # float32 weights are used in bf16: autocast keeps a copy of each
    stored_width: int = 4  # bytes of a number in the folder that training starts from
    processes: int = 1
    share: str = "none"  # of states between processes: none, moments (ZeRO 2) or all (FSDP)
    saved_here: bool = True  # the saved model is put together on the device that trains

    @property
    def n_tokens(self) -> int:
        """Tokens of a batch, both sides of pairs."""
        return self.rows * self.tokens * (2 if self.objective in PAIRED else 1)

    @property
    def width(self) -> int:
        """Bytes of a number in activations."""
        return 2 if self.half or (self.rank is not None and self.stored_width == 2) else 4


def training_memory(shape: Shape, run: Training, device: Device) -> Memory:
    """Peak over one optimiser step after the first, and over loading and saving."""
    states = _states(shape, run, device)
    return highest(
        _backward_start(shape, run, device, states),
        _backward_end(shape, run, device, states),
        *_saving(shape, run, device, states),
    )


def _head(shape: Shape, run: Training) -> int:
    """Parameters that a verifier does not have: the head's, if it has matrices of its own."""
    is_verifier = run.objective == "verifier" and not shape.tied
    return shape.vocabulary * shape.width if is_verifier else 0


def _states(shape: Shape, run: Training, device: Device) -> Memory:
    """Weights, gradients, moments and reference, as this process holds them."""
    n_all = count_parameters(shape) - _head(shape, run)
    if run.rank is None:
        n_trained, weights = n_all, 4.0 * n_all
    else:
        n_trained = adapter_parameters(shape, run.rank)
        weights = _base_bytes(shape, run, n_all) + 4.0 * n_trained
    whole = run.share == "all"
    has_copy = run.objective in WITH_REFERENCE and run.rank is None
    return Memory(
        weights=weights / (run.processes if whole else 1),
        gradients=4.0 * n_trained / (run.processes if run.share != "none" else 1),
        optimiser=8.0 * n_trained / (run.processes if run.share != "none" else 1),
        reference=4.0 * n_all / (run.processes if whole else 1) if has_copy else 0.0,
        runtime=device.runtime + _allocator_remains(shape, run, device),
    )


def _allocator_remains(shape: Shape, run: Training, device: Device) -> float:
    """What the allocator keeps of a layer's tensors after they are freed, on a processor."""
    if device.gpu:
        return 0.0
    share = FREED_SHARE * shape.layers
    layers = min(FREED_LAYERS, share) + (share if run.checkpointing else 0)
    return layers * run.n_tokens * layer_activations(shape, run)


def _base_bytes(shape: Shape, run: Training, n_all: int) -> float:
    """The frozen weights: as stored, or in four bits but for embeddings, then in float32."""
    if run.bits != 4:
        return float(run.stored_width * n_all)
    embeddings = shape.vocabulary * shape.width * (1 if shape.tied else 2)
    return 4.0 * embeddings + FOUR_BITS * (n_all - embeddings)


def layer_activations(shape: Shape, run: Training) -> float:
    """Bytes that one layer keeps of one token for the backward pass."""
    inner = shape.heads * shape.head_dim
    up = 3 if shape.gated else 1
    norms = 4 * shape.width * 4 + 2 * shape.width * run.width  # float32 inside, whatever outside
    # query, output, and keys and values once for each head; what the feed-forward block multiplies
    kept = (4 * inner + (up + 1) * shape.feed_forward) * run.width
    if run.rank is None:
        return norms + kept
    inputs = 3 * shape.width + inner + (2 if shape.gated else 1) * shape.width + shape.feed_forward
    low_rank = (7 if shape.gated else 6) * run.rank * 4
    dropped = inputs * (4 + 4) if run.dropout else 0  # each adapter's input in float32, its mask
    return norms + kept + low_rank + dropped


def _activations(shape: Shape, run: Training) -> float:
    """Bytes kept for the backward pass when it begins."""
    one = layer_activations(shape, run)
    copies = 2.0 * count_parameters(shape) if run.cast and run.share != "all" else 0.0
    if run.checkpointing:  # each layer's input, and one layer computed again
        return copies + run.n_tokens * (shape.layers * shape.width * run.width + one)
    return copies + run.n_tokens * (shape.layers * one + 4 * shape.width)


def _logits(shape: Shape, run: Training, device: Device) -> float:
    """Bytes that the head and the loss take."""
    if run.objective == "verifier":
        return 0.0
    if run.objective in WHOLE_LOGITS:
        return run.n_tokens * shape.vocabulary * run.width * LOGIT_COPIES[run.objective]
    tile = min(run.n_tokens, TILE_ROWS) * min(shape.vocabulary, TILE_COLUMNS)
    width = run.width if device.gpu else 4
    return float(tile * width * TILE_COPIES[device.gpu] + run.n_tokens * shape.width * 4)


def _backward_start(shape: Shape, run: Training, device: Device, states: Memory) -> Memory:
    """The loss is there: all activations, the head's share of gradients, no others yet."""
    head = 4.0 * shape.vocabulary * shape.width if run.rank is None else 0.0
    begun = states.gradients if run.accumulate > 1 else min(head, states.gradients)
    if run.objective == "verifier" and run.accumulate == 1:
        begun = 0.0
    whole = Memory(**{**vars(states), "gradients": begun})
    return Memory(
        **{
            **vars(whole),
            "activations": _activations(shape, run),
            "logits": _logits(shape, run, device),
        }
    )


def _backward_end(shape: Shape, run: Training, device: Device, states: Memory) -> Memory:
    """All gradients are there, and those of the embeddings once more before they are added."""
    twice = 4.0 * shape.vocabulary * shape.width if run.rank is None else 0.0
    layer = run.n_tokens * (
        layer_activations(shape, run) + forward_bytes_per_token(shape, 4, device)
    )
    return Memory(**{**vars(states), "logits": twice, "activations": layer})


def _saving(shape: Shape, run: Training, device: Device, states: Memory) -> list[Memory]:
    """Adapters are merged into a second copy of the base, in main memory."""
    if run.rank is None or device.gpu or not run.saved_here:
        return []
    copy = count_parameters(shape) * run.stored_width + 4.0 * adapter_parameters(shape, run.rank)
    return [Memory(**{**vars(states), "gradients": 0.0, "reference": copy})]

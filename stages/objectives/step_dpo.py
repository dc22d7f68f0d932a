"""Step-DPO (arXiv 2406.18629, Eq. 1): DPO on single steps after a shared beginning; see `dpo`."""

from stages.objectives.dpo import train_dpo
from stages.training.objective import STEP_PAIRS, Objective

OBJECTIVE = Objective(train_dpo, STEP_PAIRS, reads_examples=False)

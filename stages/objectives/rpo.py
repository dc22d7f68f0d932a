"""RPO (arXiv 2404.19733, Eq. 1): DPO and the NLL of the chosen completion; see `dpo`."""

from functools import partial

from stages.objectives.dpo import train_dpo
from stages.training.objective import PATH_PAIRS, Objective

OBJECTIVE = Objective(partial(train_dpo, with_nll=True), PATH_PAIRS)

"""IPO (arXiv 2310.12036, Eq. 17): a squared loss on the margin of log-ratios; see `dpo`."""

from functools import partial

from stages.objectives.dpo import train_dpo
from stages.training.objective import PATH_PAIRS, Objective

OBJECTIVE = Objective(partial(train_dpo, loss_type="ipo"), PATH_PAIRS, reads_examples=False)

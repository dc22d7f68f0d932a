"""Every table, in the order a run makes them."""

from schemas.annotated_steps import AnnotatedSteps
from schemas.checkpoint_scores import CheckpointScores
from schemas.corrections import Corrections
from schemas.costs import Costs
from schemas.coverage import Coverage
from schemas.duels import Duels
from schemas.evaluations import Evaluations
from schemas.examples import Examples
from schemas.flaws import Flaws
from schemas.losses import Losses
from schemas.narrowing import Narrowing
from schemas.pairs import Pairs
from schemas.path_scores import PathScores
from schemas.paths import Paths
from schemas.perplexities import Perplexities
from schemas.problems import Problems
from schemas.progress import Progress
from schemas.rejects import Rejects
from schemas.reveals import Reveals
from schemas.rollouts import Rollouts
from schemas.samples import Samples
from schemas.settings import Settings
from schemas.solve_rates import SolveRates
from schemas.sources import Sources
from schemas.step_labels import StepLabels
from schemas.step_scores import StepScores
from schemas.strategies import Strategies
from schemas.table import Table
from schemas.verdicts import Verdicts

TABLES: tuple[type[Table], ...] = (
    Settings,
    Sources,
    Problems,
    Samples,
    Verdicts,
    Reveals,
    Paths,
    Perplexities,
    StepLabels,
    Rollouts,
    Corrections,
    StepScores,
    PathScores,
    AnnotatedSteps,
    Pairs,
    Examples,
    Losses,
    CheckpointScores,
    Evaluations,
    Flaws,
    Duels,
    Coverage,
    Progress,
    SolveRates,
    Strategies,
    Narrowing,
    Rejects,
    Costs,
)

TABLE_OF_NOUN: dict[str, type[Table]] = {table.noun: table for table in TABLES}

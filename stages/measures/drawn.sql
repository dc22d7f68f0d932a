-- Each problem that the iteration drew for, by strategy. plain: without guidance. A gold
-- supplement is not drawn.
select * exclude (of_problem, n_characters, n_text_tokens, perplexity)
from counts
where of_problem and strategy != 'gold'

-- Each problem that the iteration drew for, by strategy. plain: without guidance.
select * exclude (of_problem, n_characters) from counts where of_problem

"""What every stage stands on: its declaration, parameters, run, cost record and error text."""

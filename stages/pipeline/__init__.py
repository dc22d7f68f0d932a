"""What every stage is built on: its declaration, parameters, run, cost record and error text."""

"""What every stage uses: its declaration, parameters, run, cost record and error text."""
